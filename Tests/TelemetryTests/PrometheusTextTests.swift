import Telemetry
import Testing

struct PrometheusTextTests {
    @Test func `families are written with escaped labels and cumulative ranges`() {
        let counter = CounterFamily("a_total", "Counts\nthings.", labels: ["name"])
        counter.add(2, ["x\"\\\n"])
        counter.add(1, ["x\"\\\n"])
        let histogram = HistogramFamily("b_seconds", "Durations.", bounds: [0.5, 1])
        for milliseconds in [400, 500, 900, 2000] { histogram.add(.milliseconds(milliseconds)) }
        var text = PrometheusText()
        text.add(counter)
        text.add(histogram)
        text.gauge("c", "A state.", [([], 1.5)])
        #expect(
            text.text == #"""
                # HELP a_total Counts\nthings.
                # TYPE a_total counter
                a_total{name="x\"\\\n"} 3
                # HELP b_seconds Durations.
                # TYPE b_seconds histogram
                b_seconds_bucket{le="0.5"} 2
                b_seconds_bucket{le="1"} 3
                b_seconds_bucket{le="+Inf"} 4
                b_seconds_sum 3.8
                b_seconds_count 4
                # HELP c A state.
                # TYPE c gauge
                c 1.5

                """#
        )
    }

    @Test func `label values beyond the most sets are counted together`() {
        let counter = CounterFamily("a_total", "Counts.", labels: ["name"])
        for number in 0..<CounterFamily.mostSets + 50 { counter.add(1, ["\(number)"]) }
        #expect(counter.samples.count == CounterFamily.mostSets + 1)
        #expect(counter.samples.first { $0.values == ["other"] }?.count == 50)
        #expect(counter.samples.reduce(0) { $0 + $1.count } == Int64(CounterFamily.mostSets) + 50)
    }
}
