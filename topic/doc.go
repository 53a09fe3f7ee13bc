// Package topic is the grammar of what MQTT shows to the outside: texts, topics, filters and the addresses of brokers. What it lets
// through brokers take. The configuration, map files and sessions all ask it, so that none of them promises what another
// refuses.
//
// Errors say what is wrong and leave it to their caller to say with what.
package topic
