package modbus

import "fmt"

// Identify asks who the equipment is (function 43, kind 14). Its answer is an [Identification].
type Identify struct {
	Category Category
	Object   uint8 // the first that is wanted, or, with One, the only one
}

// Category says which objects Identify asks for.
type Category uint8

// The categories.
const (
	Basic    Category = 1 // manufacturer, product code, revision
	Regular  Category = 2 // and those up to 0x7F
	Extended Category = 3 // and those from 0x80, which each manufacturer defines
	One      Category = 4 // one object alone
)

// The objects that have a meaning.
const (
	VendorName         = 0
	ProductCode        = 1
	MajorMinorRevision = 2
	VendorURL          = 3
	ProductName        = 4
	ModelName          = 5
	UserApplication    = 6
)

// Identification is what equipment says of itself. What doesn't fit into one answer is asked for by another request.
type Identification struct {
	Category   Category
	Conformity uint8 // which categories there are, and 0x80 if objects can be asked for one by one
	More       bool  // there is more, to be asked for from Next on
	Next       uint8
	Objects    []Object
}

// Object is one thing that equipment says of itself.
type Object struct {
	ID   uint8
	Text string // as it came
}

// identification is the kind of encapsulated interface that identifies.
const identification = 14

// Function returns EncapsulatedInterface.
func (Identify) Function() Function { return EncapsulatedInterface }

// Check returns what is wrong with the category.
func (r Identify) Check() error {
	if r.Category < Basic || r.Category > One {
		return fmt.Errorf("%w: category %d, want 1 to 4", IllegalDataValue, r.Category)
	}
	return nil
}

// String says what the request does.
func (r Identify) String() string { return fmt.Sprintf("identify from object %d", r.Object) }

func (r Identify) append(pdu []byte) []byte {
	return append(pdu, identification, byte(r.Category), r.Object)
}

// answer returns the most bytes, for only the answer itself says how many they are.
func (Identify) answer() int { return MostPDU }

func parseIdentify(body []byte) (Request, bool) {
	if len(body) > 0 && body[0] != identification {
		return nil, false
	}
	if len(body) != 3 {
		return Identify{}, false
	}
	return Identify{Category(body[1]), body[2]}, true
}

func (a Identification) append(pdu []byte) []byte {
	more := byte(0)
	if a.More {
		more = 0xFF
	}
	pdu = append(pdu, identification, byte(a.Category), a.Conformity, more, a.Next, byte(len(a.Objects)))
	for _, o := range a.Objects {
		pdu = append(append(pdu, o.ID, byte(len(o.Text))), o.Text...)
	}
	return pdu
}

func parseIdentification(r Identify, body []byte) (Response, error) {
	if len(body) < 6 || body[0] != identification || Category(body[1]) != r.Category || body[3] != 0 && body[3] != 0xFF {
		return nil, fmt.Errorf("% X is no identification of category %d", body, r.Category)
	}
	if n, whole := identificationLength(body); !whole || n != len(body) {
		return nil, fmt.Errorf("% X is no identification of %d objects", body, body[5])
	}
	a := Identification{r.Category, body[2], body[3] == 0xFF, body[4], make([]Object, body[5])}
	if a.More && a.Next <= r.Object {
		return nil, fmt.Errorf("an identification from object %d that goes on at object %d", r.Object, a.Next)
	}
	rest := body[6:]
	for i := range a.Objects {
		end := 2 + int(rest[1])
		a.Objects[i], rest = Object{rest[0], string(rest[2:end])}, rest[end:]
	}
	return a, nil
}

// identificationLength returns how many bytes an identification has, without its function, if its beginning tells it already. Else it
// returns how many are needed to tell more.
func identificationLength(body []byte) (n int, whole bool) {
	n = 6
	if len(body) < n {
		return n, false
	}
	for range body[5] {
		if len(body) < n+2 {
			return n + 2, false
		}
		n += 2 + int(body[n+1])
	}
	return n, true
}
