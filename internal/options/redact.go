package options

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Redact returns text with the secrets in its addresses hidden: the user and password of
//
//	tcp://me:swordfish@box:1883    and    me:swordfish@box
//
// what stands behind the ?, ; or # of an address, and in any other text the value of a name that sounds like a secret, as forms, flags
// of commands and JSON have it. Redact hides too much rather than too little. Text with nothing of this kind stays as it is.
func Redact(text string) string {
	if strings.Contains(text, "://") || strings.Contains(text, "@") {
		text = words.ReplaceAllStringFunc(text, redactWord)
	}
	if strings.Contains(text, "=") {
		text = tokens.ReplaceAllString(text, "${1}"+hidden)
	}
	if strings.Contains(text, `":`) || strings.Contains(text, `" :`) {
		text = members.ReplaceAllString(text, "${1}"+hidden+`"`)
	}
	return text
}

// secrets are what is in the names of secrets.
const secrets = `pass|pwd|secret|token|credential|api[-_ ]?key|private`

var (
	// words are separated by white space or quotation marks.
	words = regexp.MustCompile("[^\\s\"`]+")
	// login matches user and password at the beginning of an address without a scheme.
	login = regexp.MustCompile(`[^\s:/@=({\[,]+:[^\s/][^\s]*@`)
	// tokens matches the value of a name that sounds like a secret; what is a key elsewhere may be a button.
	tokens = regexp.MustCompile(`(?i)([?&;#][\w.-]*(?:pass|pwd|secret|token|credential|key|auth|signature)[\w.-]*=|(?:^|[\s"'])[\w.-]*(?:` + secrets + `)[\w.-]*=)[^\s"&;#]+`)
	// members matches the text of a member of JSON whose name sounds so.
	members = regexp.MustCompile(`(?i)("[\w.-]*(?:` + secrets + `)[\w.-]*"\s*:\s*")(?:[^"\\]|\\.)*"?`)
	// flags matches a flag of a command whose value stands behind it.
	flags = regexp.MustCompile(`(?i)^--?[\w.-]*(?:` + secrets + `)[\w.-]*$`)
)

func redactWord(word string) string {
	before, address, found := strings.Cut(word, "://")
	if !found {
		return login.ReplaceAllString(word, hidden+"@")
	}
	rest := strings.TrimRight(address, ".,:)]}>'") // these end a sentence
	return login.ReplaceAllString(before, hidden+"@") + "://" + redactRest(rest) + address[len(rest):]
}

// RedactAddress is Redact for a text that ought to be one address, whatever it holds.
func RedactAddress(address string) string {
	before, rest, found := strings.Cut(address, "://")
	if !found {
		return redactRest(address)
	}
	return before + "://" + redactRest(rest)
}

// redactRest hides user and tokens in the part behind the scheme. A password may hold the signs that ought to end it: everything
// before an @ that may be a password is hidden, and the host as well if the @ may be part of a token.
func redactRest(rest string) string {
	at, tail := strings.LastIndexByte(rest, '@'), strings.IndexAny(rest, "?#;")
	inPath := at >= 0 && strings.Contains(rest[:at], "/") && !strings.Contains(rest[:at], ":")
	switch {
	case at >= 0 && !inPath && 0 <= tail && tail < at:
		return hidden
	case at >= 0 && !inPath:
		return hidden + "@" + redactRest(rest[at+1:])
	case tail >= 0 && tail+1 < len(rest):
		return redactPort(rest[:tail+1]) + hidden
	}
	return redactPort(rest)
}

// redactPort hides the port if it is no number: it may be a password whose @ is missing.
func redactPort(rest string) string {
	end := strings.IndexAny(rest, "/?#;")
	if end < 0 {
		end = len(rest)
	}
	colon := strings.LastIndexByte(rest[:end], ':')
	if colon < 0 || strings.HasSuffix(rest[:end], "]") || strings.Trim(rest[colon+1:end], "0123456789") == "" {
		return rest
	}
	return rest[:colon+1] + hidden + rest[end:]
}

// secretName is what the options of a device may be called that hold a secret. One that ends in _file holds the name of a file.
var secretName = regexp.MustCompile(`(?i)` + secrets)

// HideSecrets returns the options of a device, which may be nested, as a log may show them. Hidden is what a field of type
// Secret reads, what has a name that sounds like a secret, and what is secret in an address. If typed is true, fields are
// all options that there are, as Tree lists them, and any other is hidden as well: it may be a misspelt password.
func HideSecrets(params map[string]any, fields []Field, typed bool) map[string]any {
	if !typed {
		return hideByName("", params).(map[string]any)
	}
	return hideByField("", params, fields)
}

// hideByField goes through a section, whose dotted key is parent.
func hideByField(parent string, params map[string]any, fields []Field) map[string]any {
	shown := make(map[string]any, len(params))
	for name, value := range params {
		key := join(parent, name)
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Type != Section && strings.EqualFold(f.Key, key) })
		section, isSection := value.(map[string]any)
		switch {
		case i >= 0 && !fields[i].Secret && hasItems(key, fields):
			shown[name] = hideInItems(key, value, fields)
		case i >= 0 && !fields[i].Secret:
			shown[name] = hideByName(name, value)
		case i < 0 && isSection:
			shown[name] = hideByField(key, section, fields)
		default:
			shown[name] = hidden
		}
	}
	return shown
}

// hasItems reports whether an option is a list or a map of structs.
func hasItems(key string, fields []Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool {
		return len(f.Key) > len(key) && strings.EqualFold(f.Key[:len(key)], key) && (f.Key[len(key)] == '[' || strings.HasPrefix(f.Key[len(key):], ".*"))
	})
}

// hideInItems goes through a list or a map of structs, which may hold lists and maps in turn.
func hideInItems(key string, value any, fields []Field) any {
	switch value := value.(type) {
	case []any:
		shown := make([]any, len(value))
		for i, item := range value {
			shown[i] = hideInItem(key+"[]", item, fields)
		}
		return shown
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, item := range value {
			shown[name] = hideInItem(key+".*", item, fields)
		}
		return shown
	}
	return hidden // a fault
}

func hideInItem(key string, item any, fields []Field) any {
	section, ok := item.(map[string]any)
	switch {
	case hasItems(key, fields):
		return hideInItems(key, item, fields)
	case ok:
		return hideByField(key, section, fields)
	}
	return hidden // a fault
}

// hideByName goes down into sections and lists.
func hideByName(name string, value any) any {
	if secretName.MatchString(name) && !strings.HasSuffix(strings.ToLower(name), "_file") {
		return Secret(fmt.Sprint(value)).String()
	}
	switch value := value.(type) {
	case string:
		return Redact(value)
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, item := range value {
			shown[name] = hideByName(name, item)
		}
		return shown
	case []any:
		shown := make([]any, len(value))
		for i, item := range value {
			shown[i] = hideByName(name, item)
			if before, ok := value[max(i-1, 0)].(string); ok && i > 0 && flags.MatchString(before) {
				shown[i] = hidden
			}
		}
		return shown
	}
	return value
}
