// Package spool keeps records on disk until they are released: the durable half of an outbox.
//
//	Append ──► batch ──► write, fsync ──► Durable        Release ──► mark ──► file deleted
//
// A record is kept once Durable has been called for it: the record outlives a crash of the process or of the machine, in
// order, until it is released. A release is written but not synced. After a kill of the process a record comes back if it was
// released in the last few milliseconds; after a power cut also if it was released since the system last wrote its caches to
// the disk. A record is thus delivered at least once.
//
// Append and Release never wait for the disk: one goroutine does all the writing, and one fsync serves all records of a batch.
// When the disk is full or fails, the batch at hand is lost: the spool cuts it off again, and calls Durable with the error.
// The next batch is tried anew.
//
// After each sync the spool checks that its files are still the ones that it has opened. If somebody, for example a
// second gateway, has deleted or replaced the directory, the lock or a segment, the spool keeps no further record and
// reports ErrGone.
//
// # Why no store that exists
//
// The outbox needs five properties together: batches share an fsync, with a report which records are durable; records
// are released in any order; the use of the disk is bounded; a torn or damaged file costs the damaged records only;
// Append does not wait.
//
// What their sources say, with how many modules a program links for each:
//
//	bbolt v1.5.0        2 modules. A transaction writes whole pages at scattered places, and syncs twice; Batch shares that,
//	                    and its callers wait. The file never shrinks. A damaged page can make the whole file unreadable.
//	badger v4.9.6       14 modules; by default tables of 64 MB in memory. Each transaction syncs (SyncWrites). A torn tail is
//	                    cut off. What is deleted takes disk until a compaction.
//	tidwall/wal v1.2.1  5 modules. A batch shares a sync. Entries have consecutive numbers and go from the front or the back
//	                    only: one record that nobody takes keeps all that follow. There is no checksum, and a torn last
//	                    entry makes Open fail with ErrCorrupt.
//	nutsdb v2.0.0       9 modules required directly. Each transaction syncs. All keys are in memory, by default the values,
//	                    too. A wrong checksum makes Open fail. What is deleted takes disk until a merge.
//	nsqio/go-diskqueue  1 module. It syncs after a number of records or a time, and does not report which. Records are read
//	                    once, in their order, without a checksum; what is left of a file behind a bad length is skipped.
//
// With any of them, the batching, the reports, the bound and the salvage would still be ours, and they are most of this
// package.
//
// # Files
//
// A directory holds a lock and some segments, named <number>-<salt>.spool in hexadecimal. The number is higher than that of
// every record in an older segment: names sort by age. The newest segment is never deleted, so that no number is given out
// twice. The salt is random. A segment is a sequence of frames, all integers little-endian:
//
//	 0  mark    uint32  0 while the record is kept, [released] later, written in place
//	 4  check   uint32  CRC-32C of the 16 bytes that follow, beginning with the salt
//	 8  length  uint32  of the payload
//	12  number  uint64
//	20  sum     uint32  CRC-32C of the payload
//	24  payload
//
// A reader that finds no frame where one should be looks for the next one, byte by byte. The payload of a damaged record may
// look like a frame, but nobody outside knows the salt that a frame's check begins with. Bytes after the last good frame are a
// torn write, and are cut off.
//
// New records go to the newest segment until it is full. A segment of which every record is released is deleted. When most of
// the directory is released, the spool copies the kept records of the emptiest segments to the newest one, and deletes those.
package spool
