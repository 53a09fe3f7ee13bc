package command

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttgateway/mqttgateway/internal/probe"
)

func newProbeSNMP() *cobra.Command {
	var s probe.SNMP
	var walk string
	var most int
	cmd := &cobra.Command{
		Use:   "snmp HOST [OID...]",
		Short: "Show objects of an SNMP agent",
		Long: `SNMP shows objects of an agent: those that are given, or all below --walk, which is what each agent tells of itself unless
another place is given. It only reads.

Without --user it asks by version 2c and the community of --community-file, or public. An agent says nothing to a wrong
community. Passwords come from files, as in the configuration, and are never shown.`,
		Example: `  gateway probe snmp ups.lan
  gateway probe snmp ups.lan 1.3.6.1.2.1.33.1.2.4.0 --community-file ups.community
  gateway probe snmp ups.lan --walk 1.3.6.1.2.1.33 --user monitor --auth-password-file auth --priv-password-file priv`,
		Args: wantArgs(1, 61),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&walk, "walk", "", "show all objects below this `OID` (default 1.3.6.1.2.1.1, the system)")
	flags.IntVar(&most, "most", 500, "objects that --walk shows")
	flags.StringVar(&s.CommunityFile, "community-file", "", "`file` that holds the community of version 2c and nothing else")
	flags.StringVar(&s.User, "user", "", "`user` of version 3")
	flags.StringVar(&s.AuthFile, "auth-password-file", "", "`file` that holds the password of the user and nothing else")
	flags.StringVar(&s.AuthProtocol, "auth", "sha256", "`protocol` of that password: md5, sha, sha224, sha256, sha384 or sha512")
	flags.StringVar(&s.PrivFile, "priv-password-file", "", "`file` that holds the password of the encryption and nothing else")
	flags.StringVar(&s.PrivProtocol, "priv", "aes", "`protocol` of the encryption: des, aes, aes192, aes256, aes192c or aes256c")
	flags.StringVar(&s.Context, "context", "", "`name` of the context that the objects are in, of version 3")
	flags.DurationVar(&s.Timeout, "timeout", 2*time.Second, "how long an answer may take")
	flags.IntVar(&s.Retries, "retries", 1, "how often a request that was not answered is sent again")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.Host = args[0]
		faults := []error{s.Check()}
		for _, oid := range append(args[1:], walk) {
			if oid != "" && !objectID.MatchString(oid) {
				faults = append(faults, fmt.Errorf("%q, want an OID such as 1.3.6.1.2.1.33.1.2.4.0", oid))
			}
		}
		if len(args) > 1 && walk != "" {
			faults = append(faults, errors.New("want OIDs or --walk, not both"))
		}
		if most < 1 || s.Timeout <= 0 || s.Retries < 0 {
			faults = append(faults, errors.New("want --most and --timeout above 0, and --retries from 0"))
		}
		if err := errors.Join(faults...); err != nil {
			return err
		}
		if walk == "" {
			walk = "1.3.6.1.2.1.1"
		}
		return probeSNMP(cmd, s, args[1:], walk, most)
	}
	return cmd
}

// objectID is the grammar of object identifiers.
var objectID = regexp.MustCompile(`^\.?[0-2](\.\d{1,10})+$`)

func probeSNMP(cmd *cobra.Command, s probe.SNMP, oids []string, walk string, most int) error {
	ctx, stop := interruptible(cmd)
	defer stop()
	out, far := cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
	var all []probe.Object
	show := func(o probe.Object) {
		far.done()
		all = append(all, o)
		fmt.Fprintln(out, o)
		far.say("%d objects", len(all))
	}
	far.say("asking %s", s.Host)
	var more bool
	var err error
	if len(oids) > 0 {
		err = s.Get(ctx, oids, show)
	} else {
		more, err = s.Walk(ctx, walk, most, show)
	}
	far.done()
	if more {
		fmt.Fprintf(out, "and more than these %d, see --most\n", most)
	}
	if yaml := s.DeviceYAML(all); yaml != "" {
		fmt.Fprintf(out, "\nFor the configuration, of which not all is wanted:\n\n%s", yaml)
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	case len(all) == 0:
		return fmt.Errorf("the agent shows nothing below %s", walk)
	}
	return nil
}
