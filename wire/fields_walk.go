package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"heed"
)

// The fields of a warning are those of heed.Warning: a path is made of its
// json keys and of positions in its lists. One walk over the type serves
// writing, reading and checking, so that they cannot differ.

// flatten lists the fields of a warning, without salts, in the order of the
// type. A text that is empty, a list without entries, false, and a whole
// number 0 have no field; a coordinate always has one, because 0 is a place.
func flatten(w heed.Warning) []Field {
	var fields []Field
	walk(reflect.ValueOf(w), "", func(path, value string) {
		fields = append(fields, Field{Path: path, Value: value})
	})
	return fields
}

func walk(v reflect.Value, path string, emit func(path, value string)) {
	switch t := v.Interface().(type) {
	case heed.Moment:
		if !t.IsZero() {
			emit(path, quote(t.String()))
		}
		return
	case heed.Birth:
		if !t.IsZero() {
			emit(path, quote(t.String()))
		}
		return
	case heed.Degrees:
		emit(path, t.String())
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() > 0 {
			emit(path, quote(v.String()))
		}
	case reflect.Bool:
		if v.Bool() {
			emit(path, "true")
		}
	case reflect.Int:
		if v.Int() != 0 {
			emit(path, strconv.FormatInt(v.Int(), 10))
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), join(path, strconv.Itoa(i)), emit)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), path, emit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), join(path, key(v.Type().Field(i))), emit)
		}
	default:
		panic("heed.Warning has a field of a kind without a byte form: " + v.Type().String())
	}
}

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "/" + step
}

// key is the name of a field in paths and in hand-written warnings.
func key(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// node is a place in the tree that the paths of a document span.
type node struct {
	value    *string
	children map[string]*node
}

// unflatten builds the warning that has the fields. Their paths and values
// have passed checkField.
func unflatten(fields []Field) (heed.Warning, error) {
	root := &node{children: make(map[string]*node)}
	for _, f := range fields {
		n := root
		for step := range strings.SplitSeq(f.Path, "/") {
			next := n.children[step]
			if next == nil {
				next = &node{children: make(map[string]*node)}
				n.children[step] = next
			}
			n = next
		}
		n.value = &f.Value
	}
	var w heed.Warning
	if err := fill(reflect.ValueOf(&w).Elem(), root, ""); err != nil {
		return heed.Warning{}, err
	}
	return w, nil
}

func fill(v reflect.Value, n *node, path string) error {
	if n.value != nil {
		if problem := setScalar(v, *n.value); problem != "" {
			return &FormError{Path: path, Problem: problem}
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), len(n.children), len(n.children))
		for i := range list.Len() {
			step := strconv.Itoa(i)
			child, ok := n.children[step]
			if !ok {
				return &FormError{Path: join(path, step), Problem: "is missing: the positions of a list have no gaps"}
			}
			if err := fill(list.Index(i), child, join(path, step)); err != nil {
				return err
			}
		}
		v.Set(list)
		return nil
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), n, path)
	case reflect.Struct:
		for i := range v.NumField() {
			step := key(v.Type().Field(i))
			child, ok := n.children[step]
			if !ok {
				continue
			}
			if err := fill(v.Field(i), child, join(path, step)); err != nil {
				return err
			}
		}
		return nil
	}
	return &FormError{Path: path, Problem: "has fields below it, and is itself a value"}
}

// checkField returns what is wrong with a path or with the value at it.
func checkField(path, value string) string {
	t := reflect.TypeFor[heed.Warning]()
	for step := range strings.SplitSeq(path, "/") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		next, ok := below(t, step)
		if !ok {
			return "is not a field of a warning"
		}
		t = next
	}
	return setScalar(reflect.New(t).Elem(), value)
}

// below is the type that one step of a path leads to.
func below(t reflect.Type, step string) (reflect.Type, bool) {
	if isScalar(t) {
		return nil, false
	}
	switch t.Kind() {
	case reflect.Slice:
		i, err := strconv.Atoi(step)
		return t.Elem(), err == nil && i >= 0 && i < MaxWarningFields && strconv.Itoa(i) == step
	case reflect.Struct:
		for f := range t.Fields() {
			if key(f) == step {
				return f.Type, true
			}
		}
	}
	return nil, false
}

func isScalar(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[heed.Moment](), reflect.TypeFor[heed.Birth](), reflect.TypeFor[heed.Degrees]():
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int:
		return true
	}
	return false
}

// setScalar reads a canonical JSON scalar into v and returns what is wrong
// with it. A value that would have no field is refused too.
func setScalar(v reflect.Value, value string) string {
	if !isScalar(v.Type()) {
		return "is not itself a value"
	}
	if d, ok := v.Addr().Interface().(*heed.Degrees); ok {
		parsed, err := heed.ParseDegrees(value)
		if err != nil || parsed.String() != value {
			return "the value " + oneLine(value, 80) + " is not a coordinate in its one spelling"
		}
		*d = parsed
		return ""
	}
	switch v.Kind() {
	case reflect.Bool:
		if value != "true" {
			return "the value " + oneLine(value, 80) + " is not true"
		}
		v.SetBool(true)
		return ""
	case reflect.Int:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || n == 0 || strconv.FormatInt(n, 10) != value {
			return "the value " + oneLine(value, 80) + " is not a whole number other than 0 in its one spelling"
		}
		v.SetInt(n)
		return ""
	}
	s, ok := unquote(value)
	if !ok || s == "" {
		return "the value " + oneLine(value, 80) + " is not a text in its one spelling"
	}
	if v.Kind() == reflect.String {
		v.SetString(s)
		return ""
	}
	dated := v.Addr().Interface().(interface {
		encoding.TextUnmarshaler
		fmt.Stringer
	})
	if err := dated.UnmarshalText([]byte(s)); err != nil || dated.String() != s {
		return "the value " + oneLine(value, 80) + " is not a date in its one spelling"
	}
	return ""
}
