// Command gateway joins things that do not speak MQTT to a network that does. Its types of device stand in devices.go;
// for a program with others, copy this folder.
package main
