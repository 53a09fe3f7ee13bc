// Package spool keeps what is owed on disk until it is no longer owed: the durable half of an outbox.
//
//	Append ──► batch ──► write, fsync ──► Durable        Release ──► mark ──► file deleted
//
// A record is promised once Durable has said so: it is there after a crash of the process or of the machine,
// in order, until it is released. A release is written down but not synced: after a kill of the process what
// was released comes back only if that was a few milliseconds ago, after a power cut also what was released
// since the system last wrote its caches back. At least once, never less.
//
// Append and Release never wait for the disk: one goroutine does all the writing, and one fsync serves all
// records of a batch. A disk that is full or fails costs the batch at hand, which is cut off again and
// reported; the next batch tries anew.
//
// After each sync the spool looks whether its files are still the ones that it has: whoever deletes or replaces the
// directory, its lock or a segment, as a second gateway might, ends the keeping, which is reported and not mended.
//
// # Files
//
// A directory holds a lock and some segments, named <number>-<salt>.spool in hexadecimal. The number is higher
// than that of every record in an older segment, so that names sort by age and no number is given out twice, for
// which the newest segment is never deleted. The salt is random. A segment is a sequence of frames, all
// integers little-endian:
//
//	 0  mark    uint32  0 while owed, [released] later, written in place
//	 4  check   uint32  CRC-32C of the 16 bytes that follow, beginning with the salt
//	 8  length  uint32  of the payload
//	12  number  uint64
//	20  sum     uint32  CRC-32C of the payload
//	24  payload
//
// A reader that finds no frame where one should be looks for the next one, byte by byte. The salt keeps it
// from taking for a record what is the payload of a damaged one: nobody outside can know it. Bytes after the
// last good frame are a torn write, and cut off.
//
// New records go to the newest segment until it is full. A segment of which nothing is owed is deleted; one
// of which little is owed, while much of the directory is not, has the rest copied to the newest first.
package spool
