// Package serialtest makes serial ports for tests, of pseudo-terminals:
//
//	equipment, path := serialtest.Plug(t)
//	lamp := devicetest.Start(t, "lamp", map[string]any{"port": path})
//	fmt.Fprint(equipment, "on\n")
//
// The test plays the equipment. It unplugs it by closing it.
package serialtest
