package command

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices/kit/stream"
	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbeTCP() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tcp HOST:PORT",
		Short: "Show what comes over a TCP connection",
		Long: `TCP connects and shows what comes, in frames, with the pauses before them. Without --end and --size a frame ends where nothing
comes for a while.`,
		Example: `  gateway probe tcp avr.lan:23 --end '\r' --send 'PW?'`,
		Args:    wantArgs(1, 1),
	}
	l := addListening(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := l.stream(0)
		if err != nil {
			return err
		}
		if err := stream.CheckAddress("HOST:PORT", args[0], false); err != nil {
			return err
		}
		ctx, stop := interruptible(cmd)
		defer stop()
		dialer := net.Dialer{Timeout: 5 * time.Second}
		conn, err := dialer.DialContext(ctx, "tcp", args[0])
		switch {
		case ctx.Err() != nil:
			return errInterrupted
		case err != nil:
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "connected to %s: Ctrl-C ends\n", conn.RemoteAddr())
		return l.listen(cmd, ctx, conn, s, func(heard *probe.Heard) string {
			return heard.StreamYAML("tcp", []probe.Option{{Key: "address", Value: probe.YAML(args[0])}}, s.Cut, true)
		})
	}
	return cmd
}

func newProbeUDP() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "udp [HOST:PORT]",
		Short: "Show which datagrams come",
		Long: `UDP shows the datagrams that come to --listen from wherever, or those that HOST:PORT answers to what it is sent by --send.
Each datagram is a frame.`,
		Example: `  gateway probe udp --listen :5005
  gateway probe udp 10.0.0.20:5005 --send 'status\n' --every 2s`,
		Args: wantArgs(0, 1),
	}
	l := addListening(cmd, false)
	cmd.Flags().StringVar(&at, "listen", "", "`address` to hear at: host:port, or :port for all addresses of this machine")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := l.stream(0)
		if err != nil {
			return err
		}
		s.Datagrams = true
		var options []probe.Option
		ctx, stop := interruptible(cmd)
		defer stop()
		var conn probe.Conn
		switch {
		case at != "" && len(args) == 0 && l.send == "":
			conn, err = listenUDP(ctx, at)
			options = []probe.Option{{Key: "listen", Value: probe.YAML(at)}}
		case at == "" && len(args) == 1:
			if err := stream.CheckAddress("HOST:PORT", args[0], false); err != nil {
				return err
			}
			conn, err = new(net.Dialer).DialContext(ctx, "udp", args[0])
			options = []probe.Option{{Key: "address", Value: probe.YAML(args[0])}}
		default:
			return fmt.Errorf("want HOST:PORT, with --send, or --listen")
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "listening: Ctrl-C ends")
		return l.listen(cmd, ctx, conn, s, func(heard *probe.Heard) string { return heard.StreamYAML("udp", options, s.Cut, false) })
	}
	return cmd
}

func listenUDP(ctx context.Context, at string) (probe.Conn, error) {
	if err := stream.CheckAddress("--listen", at, true); err != nil {
		return nil, err
	}
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", at)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}
