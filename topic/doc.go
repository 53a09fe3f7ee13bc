// Package topic is the grammar of everything that a broker sees: texts, topics, filters and addresses of brokers.
// Brokers accept what this package accepts. The configuration, map files and sessions all use it, so that none of them
// accepts what another one refuses.
//
// Errors describe the fault only. The caller adds the text at fault.
package topic
