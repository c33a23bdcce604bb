import Values

/// How a moment is written, in the letters of Unicode's date patterns (UTS 35): `yyyy-MM-dd HH:mm`.
///
/// Text between single quotes stands for itself, and so does every sign that is no letter; names are English.
public struct DatePattern: Sendable {
    private enum Part: Sendable {
        case text(String)
        case field(Character, Int)
    }

    /// The letters that are known, with what they stand for and the most of them in a row.
    public static let letters: [(letter: Character, most: Int, meaning: String)] = [
        ("y", 4, "year; yy has two digits"), ("M", 4, "month; MMM is Jan, MMMM January"), ("d", 2, "day"),
        ("E", 4, "day of the week; E is Mon, EEEE Monday"), ("D", 3, "day of the year"), ("H", 2, "hour from 0 to 23"),
        ("h", 2, "hour from 1 to 12"), ("m", 2, "minute"), ("s", 2, "second"), ("S", 9, "fraction of a second"),
        ("a", 1, "AM or PM"), ("x", 3, "offset; xxx is +02:00"), ("X", 3, "offset with Z for none"),
    ]

    private let parts: [Part]

    /// Reads a pattern.
    ///
    /// - Returns: `nil` when a letter is not known, stands too often in a row, or a quote is not closed.
    public init?(_ pattern: String) {
        var parts: [Part] = []
        var rest = pattern[...]
        while let first = rest.first {
            if first == "'" {
                guard let (text, end) = Self.quoted(rest) else { return nil }
                parts.append(.text(text))
                rest = rest[end...]
            } else if first.isASCII, first.isLetter {
                let count = rest.prefix { $0 == first }.count
                guard let known = Self.letters.first(where: { $0.letter == first }), count <= known.most else {
                    return nil
                }
                parts.append(.field(first, count))
                rest = rest.dropFirst(count)
            } else {
                parts.append(.text(String(first)))
                rest = rest.dropFirst()
            }
        }
        self.parts = parts
    }

    /// The text of a part in quotes, and where it ends; two quotes in a row stand for one.
    private static func quoted(_ rest: Substring) -> (text: String, end: Substring.Index)? {
        var text = ""
        var place = rest.index(after: rest.startIndex)
        while place < rest.endIndex {
            let next = rest.index(after: place)
            if rest[place] != "'" {
                text.append(rest[place])
                place = next
            } else if next < rest.endIndex, rest[next] == "'" {
                text.append("'")
                place = rest.index(after: next)
            } else {
                return (text.isEmpty ? "'" : text, next)
            }
        }
        return nil
    }

    /// A moment as text.
    ///
    /// - Parameters:
    ///   - moment: The moment.
    ///   - offset: The seconds east of Greenwich where it is read.
    /// - Returns: The text.
    public func text(of moment: CELTimestamp, offset: Int) -> String {
        let seconds = moment.seconds + Int64(offset)
        let days = seconds.flooredQuotient(by: 86_400)
        let time = Int(seconds - days * 86_400)
        let date = CivilDate(daysSince1970: days)
        return parts.reduce(into: "") { text, part in
            switch part {
            case .text(let own): text += own
            case .field(let letter, let count):
                text += Self.field(letter, count, date, time, Int(moment.nanoseconds), offset)
            }
        }
    }

    private static func field(
        _ letter: Character,
        _ count: Int,
        _ date: CivilDate,
        _ time: Int,
        _ nanoseconds: Int,
        _ offset: Int
    ) -> String {
        switch letter {
        case "y": count == 2 ? digits(date.year % 100, 2) : digits(date.year, count)
        case "M" where count > 2: name(months[date.month - 1], isWhole: count == 4)
        case "M": digits(date.month, count)
        case "d": digits(date.day, count)
        case "E": name(weekdays[date.weekday], isWhole: count == 4)
        case "D": digits(date.dayOfYear, count)
        case "H": digits(time / 3600, count)
        case "h": digits((time / 3600 + 11) % 12 + 1, count)
        case "m": digits(time / 60 % 60, count)
        case "s": digits(time % 60, count)
        case "S": String(digits(nanoseconds, 9).prefix(count))
        case "a": time < 43_200 ? "AM" : "PM"
        case "X" where offset == 0: "Z"
        default: written(offset / 60, count)
        }
    }

    private static func written(_ minutes: Int, _ count: Int) -> String {
        let sign = minutes < 0 ? "-" : "+"
        let (hours, rest) = (abs(minutes) / 60, abs(minutes) % 60)
        if count == 1, rest == 0 { return sign + digits(hours, 2) }
        return sign + digits(hours, 2) + (count == 3 ? ":" : "") + digits(rest, 2)
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        var text = ""
        text.append(padded: number, to: count)
        return text
    }

    private static func name(_ name: String, isWhole: Bool) -> String { isWhole ? name : String(name.prefix(3)) }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}
