package mqtt

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls here are on sockets that never block, and are not announced to the scheduler as calls that may. To announce
// one wakes the scheduler's monitor if all was at rest before, which is a thread that runs on for a millisecond: with a
// message a millisecond it took as long as all else that the gateway does with it.

func read(fd uintptr, b []byte) (int, error) { return transferNow(unix.SYS_READ, fd, b) }

func write(fd uintptr, b []byte) (int, error) { return transferNow(unix.SYS_WRITE, fd, b) }

func transferNow(call, fd uintptr, b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// yield lets other threads have the processor that want it.
func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// setOption sets one of TCP's options. It says nothing of errors: there are only options without which it is slower.
func setOption(fd uintptr, option, value int32) {
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, fd, unix.IPPROTO_TCP, uintptr(option),
		uintptr(unsafe.Pointer(&value)), unsafe.Sizeof(value), 0)
}
