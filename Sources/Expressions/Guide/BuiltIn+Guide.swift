extension BuiltIn {
    /// What it does.
    var guide: GuideEntry {
        switch self {
        case .size:
            GuideEntry("The number of characters, elements, members or bytes.", "size('né') + [1, 2].size()", "4")
        case .contains: GuideEntry("Whether a text holds another.", "'workflow'.contains('flow')", "true")
        case .startsWith: GuideEntry("Whether a text begins with another.", "'flux_2'.startsWith('flux')", "true")
        case .endsWith: GuideEntry("Whether a text ends with another.", "'a.png'.endsWith('.png')", "true")
        case .matches:
            GuideEntry(
                "Whether a pattern (RE2 syntax, linear time) matches somewhere in a text.",
                "'order 4711'.matches('[0-9]+')",
                "true"
            )
        case .charAt: GuideEntry("The character at a place, from 0.", "'abc'.charAt(1)", "\"b\"")
        case .indexOf:
            GuideEntry("The place where a text first stands in another, or -1.", "'banana'.indexOf('an')", "1")
        case .lastIndexOf:
            GuideEntry("The place where a text last stands in another, or -1.", "'banana'.lastIndexOf('an')", "3")
        case .lowerAscii: GuideEntry("The text with A to Z as small letters.", "'ABC'.lowerAscii()", "\"abc\"")
        case .upperAscii: GuideEntry("The text with a to z as capital letters.", "'abc'.upperAscii()", "\"ABC\"")
        case .trim: GuideEntry("The text without white space before and after.", "'  a '.trim()", "\"a\"")
        case .reverse: GuideEntry("The characters or elements from the end.", "'abc'.reverse()", "\"cba\"")
        case .replace:
            GuideEntry(
                "The text with another in place of each part; a third argument limits how many.",
                "'a-b-c'.replace('-', '+', 1)",
                "\"a+b-c\""
            )
        case .split:
            GuideEntry(
                "The parts between a separator; a second argument limits how many.",
                "'a,b,c'.split(',')",
                "[\"a\",\"b\",\"c\"]"
            )
        case .substring:
            GuideEntry(
                "The characters from one place to before another, or to the end.",
                "'workflow'.substring(4)",
                "\"flow\""
            )
        case .join:
            GuideEntry("The texts of a list in one, with a separator between.", "['a', 'b'].join(', ')", "\"a, b\"")
        case .format:
            GuideEntry(
                "A text with values in place of %s, %d, %f, %e, %x, %b, %o.",
                "'%s costs %.2f'.format(['Tea', 2.5])",
                "\"Tea costs 2.50\""
            )
        case .quote:
            GuideEntry(
                "A text in quotes, with escapes, that can be printed.",
                "strings.quote('say \"hi\"')",
                "\"\\\"say \\\\\\\"hi\\\\\\\"\\\"\""
            )
        case .extract:
            GuideEntry(
                "The first part of a text that a pattern matches, or its group: an optional.",
                "regex.extract('took 12s', '([0-9]+)s').orValue('')",
                "\"12\""
            )
        case .bool: GuideEntry("A Boolean of a text.", "bool('true')", "true")
        case .bytes: GuideEntry("The bytes of a text in UTF-8.", "size(bytes('é'))", "2")
        case .double: GuideEntry("A number with a fraction, of a text or number.", "double('2.5') * 2", "5")
        case .int: GuideEntry("A whole number, of a text or number; fractions are cut off.", "int(2.9)", "2")
        case .uint: GuideEntry("A whole number from 0.", "uint('7')", "7")
        case .string: GuideEntry("The text of a value.", "string(7) + '%'", "\"7%\"")
        case .duration: GuideEntry("A span of time.", "duration('1h30m').getMinutes()", "90")
        case .timestamp: GuideEntry("A moment.", "timestamp('2026-11-20T14:12:09Z').getFullYear()", "2026")
        case .type: GuideEntry("The type of a value.", "type(1.5) == double", "true")
        case .dyn: GuideEntry("The value itself, of any type.", "dyn(1) == 1.0", "true")
        case .base64Encode: GuideEntry("Bytes as base 64.", "base64.encode(bytes('hi'))", "\"aGk=\"")
        case .base64Decode: GuideEntry("The bytes of base 64.", "string(base64.decode('aGk='))", "\"hi\"")
        case .now:
            GuideEntry(
                "The moment of this decision: the same in all of it, and again after a restart.",
                "now() > timestamp('2020-01-01T00:00:00Z')",
                "true"
            )
        case .getFullYear:
            GuideEntry(
                "The year; like all of these, with a time zone if one is named.",
                "timestamp('2026-12-31T23:30:00Z').getFullYear('Europe/Berlin')",
                "2027"
            )
        case .getMonth: GuideEntry("The month from 0.", "timestamp('2026-11-20T14:12:09Z').getMonth()", "10")
        case .getDate: GuideEntry("The day of the month from 1.", "timestamp('2026-11-20T14:12:09Z').getDate()", "20")
        case .getDayOfMonth:
            GuideEntry("The day of the month from 0.", "timestamp('2026-11-20T14:12:09Z').getDayOfMonth()", "19")
        case .getDayOfWeek:
            GuideEntry(
                "The day of the week from 0 for Sunday.",
                "timestamp('2026-11-20T14:12:09Z').getDayOfWeek()",
                "5"
            )
        case .getDayOfYear:
            GuideEntry("The day of the year from 0.", "timestamp('2026-11-20T14:12:09Z').getDayOfYear()", "323")
        case .getHours:
            GuideEntry(
                "The hour of a moment, or the hours of a span.",
                "timestamp('2026-11-20T14:12:09Z').getHours('+02:00')",
                "16"
            )
        case .getMinutes:
            GuideEntry("The minute of a moment, or the minutes of a span.", "duration('90s').getMinutes()", "1")
        case .getSeconds:
            GuideEntry("The second of a moment, or the seconds of a span.", "duration('1m5s').getSeconds()", "65")
        case .getMilliseconds:
            GuideEntry("The milliseconds of a moment or of a span.", "duration('1500ms').getMilliseconds()", "500")
        case .greatest: GuideEntry("The greatest of some numbers or of a list.", "math.greatest(1, 2.5, 2)", "2.5")
        case .least: GuideEntry("The least of some numbers or of a list.", "math.least([3, 1, 2])", "1")
        case .ceil: GuideEntry("The next whole number above.", "math.ceil(1.2)", "2")
        case .floor: GuideEntry("The next whole number below.", "math.floor(-1.2)", "-2")
        case .round: GuideEntry("The nearest whole number; halves go away from zero.", "math.round(2.5)", "3")
        case .trunc: GuideEntry("The number without its fraction.", "math.trunc(-2.7)", "-2")
        case .abs: GuideEntry("The number without its sign.", "math.abs(-3)", "3")
        case .sign: GuideEntry("-1, 0 or 1.", "math.sign(-3)", "-1")
        case .sqrt: GuideEntry("The square root.", "math.sqrt(9)", "3")
        case .isNaN: GuideEntry("Whether a number is none.", "math.isNaN(0.0 / 0.0)", "true")
        case .isInf: GuideEntry("Whether a number is infinite.", "math.isInf(1.0 / 0.0)", "true")
        case .isFinite: GuideEntry("Whether a number is neither.", "math.isFinite(1.5)", "true")
        case .bitNot: GuideEntry("All bits turned.", "math.bitNot(0)", "-1")
        case .bitAnd: GuideEntry("The bits that both have.", "math.bitAnd(6, 3)", "2")
        case .bitOr: GuideEntry("The bits that one has.", "math.bitOr(6, 3)", "7")
        case .bitXor: GuideEntry("The bits that one of two has.", "math.bitXor(6, 3)", "5")
        case .bitShiftLeft: GuideEntry("The bits moved up.", "math.bitShiftLeft(1, 4)", "16")
        case .bitShiftRight: GuideEntry("The bits moved down.", "math.bitShiftRight(16, 4)", "1")
        case .sum: GuideEntry("The sum of a list of numbers.", "sum([1, 2.5])", "3.5")
        case .tokens:
            GuideEntry(
                "About how many tokens a text has: its bytes divided by four.",
                "tokens('four words are here')",
                "5"
            )
        case .json: GuideEntry("A value as compact JSON.", "json({'a': [1, true]})", "\"{\\\"a\\\":[1,true]}\"")
        case .parseJson:
            GuideEntry(
                "The value of JSON: an optional, empty when the text is none.",
                "parseJson('{\"a\": 1}').a.orValue(0)",
                "1"
            )
        case .optionalOf: GuideEntry("An optional with a value.", "optional.of(1).hasValue()", "true")
        case .optionalNone: GuideEntry("An empty optional.", "optional.none().hasValue()", "false")
        case .optionalOfNonZero:
            GuideEntry(
                "An optional, empty for 0, '', false, null and what has no members.",
                "optional.ofNonZeroValue('').hasValue()",
                "false"
            )
        case .optionalUnwrap:
            GuideEntry(
                "The values of a list of optionals, without the empty ones.",
                "optional.unwrap([optional.of(1), optional.none()])",
                "[1]"
            )
        case .unwrapOpt:
            GuideEntry("The same, called on the list.", "[optional.of(1), optional.none()].unwrapOpt()", "[1]")
        case .hasValue: GuideEntry("Whether an optional holds a value.", "{'a': 1}.?b.hasValue()", "false")
        case .value: GuideEntry("The value of an optional; an error when it is empty.", "{'a': 1}.?a.value()", "1")
        case .otherwise:
            GuideEntry("The optional, or another when it is empty.", "{'a': 1}.?b.or({'a': 1}.?a).value()", "1")
        case .otherwiseValue:
            GuideEntry("The value of an optional, or another when it is empty.", "{'a': 1}.?b.orValue(7)", "7")
        case .first: GuideEntry("The first element of a list: an optional.", "[1, 2].first().orValue(0)", "1")
        case .last: GuideEntry("The last element of a list: an optional.", "[1, 2].last().orValue(0)", "2")
        }
    }
}
