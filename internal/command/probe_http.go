package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/devices/kit/text"
	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbeHTTP() *cobra.Command {
	var h probe.HTTP
	var queries []string
	cmd := &cobra.Command{
		Use:   "http URL",
		Short: "Show what equipment with a web server answers",
		Long: `HTTP reads an address once, by GET, and shows the values in the answer with the jq that leads to each of them. With --jq it
shows what a query makes of the answer, as the configuration would.

A server whose certificate is not trusted is asked nothing, but its pin is shown, to be compared and given as --pin and in the
configuration. Passwords and tokens come from files, as in the configuration, and are never shown.`,
		Example: `  gateway probe http http://10.0.0.20/rpc/Switch.GetStatus?id=0
  gateway probe http https://10.0.0.20/status --digest admin --password-file shelly.pw --jq '.aenergy.total / 1000'`,
		Args: wantArgs(1, 1),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&queries, "jq", nil, "a `query` to try on the answer; may be given several times")
	flags.StringVar(&h.Basic, "basic", "", "`user` whose password is sent along")
	flags.StringVar(&h.Digest, "digest", "", "`user` who proves that he knows his password")
	flags.StringVar(&h.PasswordFile, "password-file", "", "`file` that holds the password of the user and nothing else")
	flags.StringVar(&h.BearerFile, "bearer-file", "", "`file` that holds a token and nothing else, instead of a user")
	flags.StringVar(&h.CAFile, "ca-file", "", "`file` with certificates to trust, PEM")
	flags.StringVar(&h.Pin, "pin", "", "sha256/ and the SHA-256 of the one public key to trust, in base64")
	flags.BoolVar(&h.Insecure, "insecure", false, "trust whoever answers, who may well be somebody else")
	flags.DurationVar(&h.Timeout, "timeout", 5*time.Second, "how long the answer may take")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		h.URL = args[0]
		if h.Timeout <= 0 {
			return fmt.Errorf("--timeout: %s, want a time above 0", h.Timeout)
		}
		compiled, err := compileAll(queries)
		if err := errors.Join(h.Check(), err); err != nil {
			return err
		}
		ctx, stop := interruptible(cmd)
		defer stop()
		return probeHTTP(ctx, cmd, h, compiled)
	}
	return cmd
}

func compileAll(queries []string) (compiled []*text.Query, err error) {
	var faults []error
	for _, source := range queries {
		q, err := text.Compile(source)
		if err != nil {
			faults = append(faults, fmt.Errorf("--jq: %w", err))
			continue
		}
		compiled = append(compiled, q)
	}
	return compiled, errors.Join(faults...)
}

func probeHTTP(ctx context.Context, cmd *cobra.Command, h probe.HTTP, queries []*text.Query) error {
	out, far := cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
	far.say("waiting for the answer, up to %s", h.Timeout)
	page, err := h.Get(ctx)
	far.done()
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil && page != nil && page.TLS != nil:
		fmt.Fprint(out, page.TLS)
		return fmt.Errorf("%w: nothing was asked; if this is the right server, give its pin as --pin", err)
	case err != nil && ctx.Err() == nil && isTimeout(err):
		return fmt.Errorf("no answer within %s", h.Timeout)
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%v\n", page)
	if page.Code < 200 || page.Code > 299 {
		showText(out, page.Body)
		return fmt.Errorf("the answer is %s", page.Status)
	}
	document, noJSON := text.Parse(page.Body)
	if noJSON != nil {
		showText(out, page.Body)
		if len(queries) > 0 {
			return fmt.Errorf("--jq: the answer is %w", noJSON)
		}
		fmt.Fprintf(out, "\nFor the configuration:\n\n%s", h.DeviceYAML(page, nil, true))
		return nil
	}
	if len(queries) > 0 {
		return showQueries(out, queries, document)
	}
	all := probe.Leaves(document)
	fmt.Fprintf(out, "%s\nFor the configuration, of which not all is wanted:\n\n%s", probe.LeafRows(all), h.DeviceYAML(page, all, false))
	return nil
}

// isTimeout reports whether an error is that of a time that is over.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// showQueries writes what queries make of a document, as they would be made a value.
func showQueries(w io.Writer, queries []*text.Query, document any) error {
	var faults []error
	for _, q := range queries {
		v, about, err := q.Value(document)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("--jq %s: %w", q, err))
		case !about:
			faults = append(faults, fmt.Errorf("--jq %s: the answer has nothing of that", q))
		default:
			var pretty strings.Builder
			enc := json.NewEncoder(&pretty)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(json.RawMessage(v.Raw())); err != nil {
				return err
			}
			fmt.Fprint(w, pretty.String())
		}
	}
	return errors.Join(faults...)
}

// showText writes the beginning of an answer that is no document.
func showText(w io.Writer, body []byte) {
	const most = 2000
	cut := ""
	if len(body) > most {
		body, cut = body[:most], "…"
	}
	shown := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return '.'
		}
		return r
	}, strings.ReplaceAll(string(body), "\r\n", "\n"))
	if shown = strings.TrimRight(shown, "\n") + cut; shown != "" {
		fmt.Fprintln(w, shown)
	}
}
