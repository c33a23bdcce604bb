"""Makes CEL expressions at random, the same ones for the same seed.

Most are well typed; about one operand in thirty is of another type on purpose, so that errors are compared too. Left out
is what the two evaluators may rightly do differently: texts of very large or small doubles, fractions of a second in
texts, the order of a map's keys, spans of more than 290 years. `optMap` stands only after plain values: the reference
mixes up its variable with those of macros before it.
"""

import random

BINDINGS = {
    "i": 7, "j": -3, "d": 2.5, "s": "hello wörld", "t": "", "b": True, "n": None, "o": b"by\xc3\xa9tes",
    "l": [3, 1, 2], "ls": ["b", "a", "c"], "e": [], "m": {"a": 1, "b": 2}, "x": {"a": {"b": [1, {"c": "deep"}]}, "n": None},
}

STRINGS = ["''", "'a'", "'abc'", "'hello'", "'äöü'", "'😀x'", "'a,b,,c'", "' pad '", "'Hello World'", "'12'", "'-7'",
           "'3.5'", "'true'", "r'\\d'", "'aXbXc'", "\"q'q\"", "'''tri'ple'''", "'\\u00e9\\n'", "'no'"]
PATTERNS = ["a", "^a", "c$", "[a-c]+", "a.c", "(a|b)*c", "\\\\d+", "^\\\\w+$", "l{2}", "(?i)HELLO", "[^a]", "", "x|", "\\\\bw",
            "ö", ".", "^.{3}$", "(", "a**", "\\\\p{L}+", "[[:upper:]]", "a+?b"]
INTS = ["0", "1", "2", "3", "-1", "7", "42", "-13", "0x1F", "100", "9223372036854775807", "-9223372036854775808", "4294967296"]
UINTS = ["0u", "1u", "2u", "7u", "0xFFu", "18446744073709551615u"]
DOUBLES = ["0.0", "1.0", "-1.5", "2.25", "0.1", "1e3", "3.75", "-0.5", "100.125"]
SMALL = ["0", "1", "2", "3", "-1", "4", "10"]
TIMESTAMPS = ["timestamp('2024-02-29T23:45:06Z')", "timestamp(0)", "timestamp('1969-12-31T00:00:00Z')",
              "timestamp('2009-02-13T23:31:30+01:30')", "timestamp('9999-12-31T23:59:59Z')", "timestamp(1700000000)"]
DURATIONS = ["duration('1h')", "duration('90m')", "duration('-75s')", "duration('0s')", "duration('36h10m')"]
ZONES = ["'UTC'", "'America/New_York'", "'+05:30'", "'-02:00'", "'Asia/Kathmandu'", "'Nowhere'"]
TYPES = ["int", "uint", "double", "bool", "string", "bytes", "list", "strings", "map", "timestamp", "duration"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.variables = []

    def pick(self, options):
        return self.random.choice(options)

    def expression(self):
        self.variables = []
        return self.make(self.pick(TYPES + ["bool", "int", "string"]), self.random.randint(1, 5))

    def make(self, kind, depth):
        if self.random.random() < 0.03:
            kind = self.pick(TYPES + ["null"])
        local = [name for name, of in self.variables if of == kind]
        if local and self.random.random() < 0.4:
            return self.pick(local)
        if depth <= 0:
            return self.leaf(kind)
        common = [self.conditional, self.parentheses, self.bind, self.unwrapped, self.element, self.dynamic]
        if self.random.random() < 0.15:
            return self.pick(common)(kind, depth - 1)
        return getattr(self, kind)(depth - 1)

    def leaf(self, kind):
        return self.pick({
            "int": INTS + ["i", "j"], "uint": UINTS, "double": DOUBLES + ["d"], "bool": ["true", "false", "b"],
            "string": STRINGS + ["s", "t"], "bytes": ["b''", "b'abc'", "b'\\xff\\x00'", "b'ä'", "o"],
            "list": ["[]", "[1, 2, 3]", "[5, 4]", "l", "e", "[0, -1,]"], "strings": ["['x', 'y']", "ls", "e", "['']"],
            "map": ["{}", "{'a': 1}", "{'a': 1, 'b': 2}", "m", "{'k': i}"], "timestamp": TIMESTAMPS,
            "duration": DURATIONS, "null": ["null", "n"],
        }[kind])

    # Forms of every type.

    def conditional(self, kind, depth):
        return f"({self.make('bool', depth)} ? {self.make(kind, depth)} : {self.make(kind, depth)})"

    def parentheses(self, kind, depth):
        return f"({self.make(kind, depth)})"

    def dynamic(self, kind, depth):
        return f"dyn({self.make(kind, depth)})"

    def bind(self, kind, depth):
        name, of = f"v{len(self.variables)}", self.pick(TYPES)
        value = self.make(of, depth)
        self.variables.append((name, of))
        body = self.make(kind, depth)
        self.variables.pop()
        return f"cel.bind({name}, {value}, {body})"

    def unwrapped(self, kind, depth):
        value, other, leaf = self.make(kind, depth), self.make(kind, depth), self.leaf(kind)
        return self.pick([
            f"optional.of({value}).orValue({other})", f"optional.none().orValue({value})", f"optional.of({value}).value()",
            f"optional.ofNonZeroValue({value}).orValue({other})", f"{{'k': {value}}}.?k.orValue({other})",
            f"{{'k': {value}}}[?'z'].orValue({other})", f"[{value}][?{self.pick(SMALL)}].orValue({other})",
            f"optional.none().or(optional.of({value})).value()", f"optional.of({leaf}).optMap(w, w).value()",
            f"{{'k': {{'l': {value}}}}}.?k.l.orValue({other})", f"[?optional.of({value}), ?optional.none()][0]",
            f"{{?'k': optional.of({value})}}.k", f"optional.of({leaf}).optFlatMap(w, optional.of({other})).value()",
        ])

    def element(self, kind, depth):
        value, other = self.make(kind, depth), self.make(kind, depth)
        return self.pick([
            f"[{value}, {other}][{self.pick(SMALL)}]", f"{{'k': {value}}}.k", f"{{'k': {value}, 'l': {other}}}['l']",
            f"{{1: {value}, 2u: {other}}}[{self.pick(['1', '2', '1.0', '2u', '3'])}]", f"{{true: {value}}}[{self.make('bool', 0)}]",
        ])

    # Forms of one type.

    def int(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('int', depth)} {self.pick('+-*/%')} {m('int', depth)}", lambda: f"size({m(self.pick(['string', 'bytes', 'list', 'map', 'strings']), depth)})",
            lambda: f"-({m('int', depth)})", lambda: f"int({m(self.pick(['double', 'uint', 'int', 'timestamp']), depth)})",
            lambda: f"int({self.pick(STRINGS)})", lambda: f"{m('string', depth)}.indexOf({m('string', depth)})",
            lambda: f"{m('string', depth)}.lastIndexOf({m('string', depth)})", lambda: f"{m('string', depth)}.indexOf({self.pick(STRINGS)}, {self.pick(SMALL)})",
            lambda: f"{m('string', depth)}.lastIndexOf({self.pick(STRINGS)}, {self.pick(SMALL)})",
            lambda: f"math.{self.pick(['greatest', 'least'])}({m('int', depth)}, {m('int', depth)})", lambda: f"math.{self.pick(['abs', 'sign', 'bitNot'])}({m('int', depth)})",
            lambda: f"math.{self.pick(['bitAnd', 'bitOr', 'bitXor'])}({m('int', depth)}, {m('int', depth)})",
            lambda: f"math.bitShift{self.pick(['Left', 'Right'])}({m('int', depth)}, {self.pick(SMALL + ['63', '64'])})",
            lambda: f"{m('timestamp', depth)}.get{self.pick(['Date', 'DayOfMonth', 'DayOfWeek', 'DayOfYear', 'FullYear', 'Hours', 'Minutes', 'Month', 'Seconds', 'Milliseconds'])}()",
            lambda: f"{m('timestamp', depth)}.get{self.pick(['Date', 'DayOfWeek', 'Hours', 'Minutes'])}({self.pick(ZONES)})",
            lambda: f"{m('duration', depth)}.get{self.pick(['Hours', 'Minutes', 'Seconds', 'Milliseconds'])}()",
            lambda: f"{m('list', depth)}[{self.pick(SMALL)}]", lambda: "x.a.b[0]", lambda: f"{m('map', depth)}.{self.pick('abk')}",
            lambda: f"duration('{self.pick(['1.234s', '-0.5s', '61m0.25s', '7ms'])}').get{self.pick(['Milliseconds', 'Seconds', 'Minutes'])}()",
        ])()

    def uint(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('uint', depth)} {self.pick('+-*/%')} {m('uint', depth)}", lambda: f"uint({m(self.pick(['int', 'double', 'uint']), depth)})",
            lambda: f"math.greatest({m('uint', depth)}, {m('uint', depth)})", lambda: f"math.bitShiftLeft({m('uint', depth)}, {self.pick(SMALL)})",
            lambda: f"uint({self.pick(STRINGS)})", lambda: f"math.abs({m('uint', depth)})",
        ])()

    def double(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('double', depth)} {self.pick('+-*/')} {m('double', depth)}", lambda: f"double({m(self.pick(['int', 'uint', 'double']), depth)})",
            lambda: f"math.{self.pick(['ceil', 'floor', 'round', 'trunc', 'abs', 'sign'])}({m('double', depth)})", lambda: f"-({m('double', depth)})",
            lambda: f"math.least({m('double', depth)}, {m('double', depth)})", lambda: f"math.sqrt({m(self.pick(['double', 'int']), depth)})",
            lambda: f"double({self.pick(STRINGS)})",
        ])()

    def bool(self, depth):
        m, kind = self.make, self.pick(TYPES)
        return self.pick([
            lambda: f"{m('bool', depth)} {self.pick(['&&', '||'])} {m('bool', depth)}", lambda: f"{m('bool', depth)} {self.pick(['&&', '||'])} {m('bool', depth)}",
            lambda: f"!({m('bool', depth)})", lambda: f"{m(kind, depth)} {self.pick(['==', '!='])} {m(kind, depth)}",
            lambda: f"{m(kind, depth)} {self.pick(['<', '<=', '>', '>='])} {m(kind, depth)}", lambda: f"dyn({m(self.pick(['int', 'uint', 'double']), depth)}) {self.pick(['<', '<=', '>', '>=', '==', '!='])} dyn({m(self.pick(['int', 'uint', 'double']), depth)})",
            lambda: f"{m('string', depth)}.{self.pick(['contains', 'startsWith', 'endsWith'])}({m('string', depth)})", lambda: f"{m('string', depth)}.matches('{self.pick(PATTERNS)}')",
            lambda: f"matches({m('string', depth)}, '{self.pick(PATTERNS)}')", lambda: f"'{self.letters()}'.matches(r'{self.pattern(4)}')",
            lambda: f"'{self.letters()}'.matches(r'{self.pattern(3)}')", lambda: f"{m('int', depth)} in {m('list', depth)}", lambda: f"{m('string', depth)} in {m(self.pick(['strings', 'map']), depth)}",
            lambda: self.quantified(depth), lambda: self.quantified(depth), lambda: f"has({self.pick(['m', 'x', 'x.a'])}.{self.pick('abn')})",
            lambda: f"optional.{self.pick(['of', 'ofNonZeroValue'])}({m(kind, depth)}).hasValue()", lambda: f"bool({self.pick(STRINGS + ['b'])})",
            lambda: f"math.is{self.pick(['NaN', 'Inf', 'Finite'])}({m('double', depth)})", lambda: f"type({m(kind, depth)}) == type({m(self.pick(TYPES), depth)})",
            lambda: f"type({m(kind, depth)}) == {self.pick(['int', 'string', 'list', 'map', 'double', 'bytes'])}", lambda: f"x.?{self.pick('an')}.?b.hasValue()",
        ])()

    def letters(self):
        return "".join(self.pick(["a", "b", "c", "A", "1", " ", "_", "ä", "\\n"]) for _ in range(self.random.randint(0, 8)))

    def pattern(self, depth):
        """A regular expression, now and then a wrong one."""
        if depth == 0 or self.random.random() < 0.2:
            return self.pick(["a", "b", "c", "A", "1", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\s", r"\W", r"\b", r"\B", "^", "$", "ä", r"\pL",
                              "[[:alpha:]]", r"[\d_]", "", r"\x61", r"\A", r"\z", "[]a]", "[^]a]", "a-b", "{", "a{1", "]", "(?i)b", "(?s).", "(?m)^"])
        inner = self.pattern(depth - 1)
        return self.pick([
            lambda: f"({inner})", lambda: f"(?:{inner})", lambda: inner + self.pattern(depth - 1), lambda: inner + self.pattern(depth - 1),
            lambda: f"{inner}|{self.pattern(depth - 1)}", lambda: f"({inner}){self.pick(['*', '+', '?', '{2}', '{1,2}', '{0}', '{,3}', '*?', '+?', '??', '{1,}?'])}",
            lambda: f"{inner}{self.pick(['*', '+', '?', '{2}'])}", lambda: f"(?i:{inner})", lambda: f"(?P<n>{inner})", lambda: f"^{inner}$",
        ])()

    def quantified(self, depth):
        kind, of = self.pick([("list", "int"), ("strings", "string"), ("map", "string")])
        target, name = self.make(kind, depth), f"v{len(self.variables)}"
        self.variables.append((name, of))
        body = self.make("bool", depth)
        self.variables.pop()
        return f"{target}.{self.pick(['all', 'exists', 'exists_one'])}({name}, {body})"

    def string(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('string', depth)} + {m('string', depth)}", lambda: f"string({m(self.pick(['int', 'uint', 'bool', 'string']), depth)})",
            lambda: f"string({self.pick(DOUBLES + TIMESTAMPS)})", lambda: f"string({self.pick(['o', 'bytes(s)', 'b' + chr(39) + 'abc' + chr(39)])})",
            lambda: f"{m('string', depth)}.{self.pick(['lowerAscii', 'upperAscii', 'trim', 'reverse'])}()", lambda: f"{m('string', depth)}.substring({self.pick(SMALL)})",
            lambda: f"{m('string', depth)}.substring({self.pick(SMALL)}, {self.pick(SMALL)})", lambda: f"{m('string', depth)}.charAt({self.pick(SMALL)})",
            lambda: f"{m('string', depth)}.replace({self.pick(STRINGS)}, {self.pick(STRINGS)})", lambda: f"{m('string', depth)}.replace({self.pick(STRINGS)}, {self.pick(STRINGS)}, {self.pick(SMALL)})",
            lambda: f"{m('strings', depth)}.join({self.pick(STRINGS)})", lambda: f"{m('strings', depth)}.join()", lambda: f"base64.encode({m('bytes', depth)})",
            lambda: f"strings.quote({m('string', depth)})", lambda: f"{m('strings', depth)}[{self.pick(SMALL)}]", lambda: "x.a.b[1].c",
            lambda: f"'%s|%d|%s'.format([{m('string', depth)}, int({m('int', depth)}), {m('bool', depth)}])", lambda: f"'%{self.pick(['.0', '.1', '.3', ''])}{self.pick('fe')}'.format([{self.pick(DOUBLES + INTS[:6])}])",
            lambda: f"'%{self.pick('xXob')}'.format([{m(self.pick(['int', 'uint']), depth)}])", lambda: f"'%{self.pick('xX')}'.format([{m(self.pick(['string', 'bytes']), depth)}])",
            lambda: f"'%s %s'.format([{m('list', depth)}, {m('strings', depth)}])", lambda: f"'%s'.format([{m('map', depth)}])",
        ])()

    def bytes(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('bytes', depth)} + {m('bytes', depth)}", lambda: f"bytes({m('string', depth)})", lambda: f"base64.decode({self.pick(STRINGS)})",
            lambda: f"base64.decode(base64.encode({m('bytes', depth)}))",
        ])()

    def list(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('list', depth)} + {m('list', depth)}", lambda: f"[{m('int', depth)}, {m('int', depth)}]", lambda: self.mapped("list", "int", depth),
            lambda: self.filtered("list", "int", depth), lambda: self.mapped("strings", "int", depth), lambda: f"[{m('uint', depth)}, {m('double', depth)}]",
            lambda: f"optional.unwrap([optional.of({m('int', depth)}), optional.none()])",
        ])()

    def strings(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('strings', depth)} + {m('strings', depth)}", lambda: f"{m('string', depth)}.split({self.pick(STRINGS)})",
            lambda: f"{m('string', depth)}.split({self.pick(STRINGS)}, {self.pick(SMALL)})", lambda: self.mapped("strings", "string", depth),
            lambda: self.filtered("strings", "string", depth), lambda: f"[{m('string', depth)}]", lambda: self.mapped("list", "string", depth),
        ])()

    def mapped(self, source, result, depth):
        target, name = self.make(source, depth), f"v{len(self.variables)}"
        self.variables.append((name, "int" if source == "list" else "string"))
        condition = f"{self.make('bool', depth)}, " if self.random.random() < 0.3 else ""
        body = self.make(result, depth)
        self.variables.pop()
        return f"({target} + []).map({name}, {condition}{body})"

    def filtered(self, source, of, depth):
        target, name = self.make(source, depth), f"v{len(self.variables)}"
        self.variables.append((name, of))
        body = self.make("bool", depth)
        self.variables.pop()
        return f"({target} + []).filter({name}, {body})"

    def map(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{{'a': {m('int', depth)}, 'k': {m('int', depth)}}}", lambda: f"{{{m('string', depth)}: {m('int', depth)}}}",
            lambda: f"{{'a': {m('string', depth)}, 5: {m('list', depth)}, true: {m('bool', depth)}}}", lambda: f"{{'a': {m('map', depth)}}}.a",
            lambda: f"{{?'a': optional.ofNonZeroValue({m('int', depth)}), 'b': 1}}",
        ])()

    def timestamp(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('timestamp', depth)} {self.pick('+-')} {m('duration', depth)}", lambda: f"timestamp({m('int', depth)})",
            lambda: f"{m('duration', depth)} + {m('timestamp', depth)}", lambda: f"timestamp({m('timestamp', depth)})",
        ])()

    def duration(self, depth):
        m = self.make
        return self.pick([
            lambda: f"{m('duration', depth)} {self.pick('+-')} {m('duration', depth)}", lambda: f"duration({m('duration', depth)})",
            lambda: f"{self.pick(TIMESTAMPS[:4])} - {self.pick(TIMESTAMPS[:4])}",
        ])()

    def null(self, depth):
        return self.leaf("null")
