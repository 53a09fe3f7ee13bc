// Package dummy is for trying things out, and for copying. A dummy shows what it hears, answers if it is told to, and speaks now and then.
//
// With the port "simulated" it has equipment: a lamp, at the other end of a connection. lamp.go is how a device with a connection looks. Its
// opener waits for the equipment to answer; its Run reads, and is ended by Close; its Set writes, and gives up when its time is over; its
// entities say what there is to read and to set. equipment.go plays the lamp.
package dummy
