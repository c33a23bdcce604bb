import Testing
import Values

struct MoneyTests {
    @Test(arguments: [
        ("0", Int64(0)), ("1", 1_000_000_000), ("0.035", 35_000_000), ("0.000000001", 1), ("12.5", 12_500_000_000),
        ("999999999.999999999", 999_999_999_999_999_999), ("007.10", 7_100_000_000),
    ])
    func `reads a decimal number of dollars exactly`(text: String, nano: Int64) {
        #expect(Money(dollars: text) == Money(nano: nano))
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "-1", "+5", "1.+5", "1.-5", "1e3", "0.0000000001", "1,5", " 1", "1 ", "1.2.3", "１",
        "1000000000",
        "0x1", "٣",
    ])
    func `refuses every other text`(text: String) {
        #expect(Money(dollars: text) == nil)
    }

    @Test(arguments: [
        (0.5, Int64(0)), (1.5, 2), (2.5, 2), (3.5, 4), (0.0, 0), (-0.4, 0),
        (8_999_999_999_999_998_976.0, 8_999_999_999_999_998_976),
    ])
    func `rounds half to even`(value: Double, nano: Int64) {
        #expect(Money(rounding: value)?.nano == nano)
    }

    @Test(arguments: [-0.6, -1, .nan, .infinity, -.infinity, 9e18, 1e300])
    func `is no result of a formula that is negative, no number or too large`(value: Double) {
        #expect(Money(rounding: value) == nil)
    }

    @Test func `sums and differences are held at their ends`() {
        #expect(Money(nano: .max) + Money(nano: 1) == Money(nano: .max))
        #expect(Money(nano: .min) + Money(nano: -1) == Money(nano: .min))
        #expect(Money(nano: .min) - Money(nano: 1) == Money(nano: .min))
        #expect(Money(nano: .max) - Money(nano: -1) == Money(nano: .max))
        var sum = Money(nano: 2)
        sum += Money(nano: 3)
        #expect(sum - Money(nano: 9) == Money(nano: -4))
    }

    @Test(arguments: [
        (Int64(0), Int64(0)), (1, 1), (9_999_999, 1), (10_000_000, 1), (10_000_001, 2), (-5, 0),
        (.max, 922_337_203_686),
    ])
    func `credits are rounded up`(nano: Int64, credits: Int64) {
        #expect(Money(nano: nano).credits(at: Money(nano: 10_000_000)) == credits)
    }

    @Test func `credits without a price are none`() {
        #expect(Money(nano: 5).credits(at: .zero) == 0)
        #expect(Money(nano: 621_859_200).dollars == 0.6218592)
    }
}
