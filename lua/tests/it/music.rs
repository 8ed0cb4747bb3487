//! The musical library: what its functions answer.

use crate::rig::{Rig, on_script_thread, table};

/// The values of a list in a line.
const SHOW: &str = "local function show(list) print(table.concat(map(list, tostring), ' ')) end ";

/// `[code, what show printed or error]`
fn shows(rows: &'static [(&str, &str)]) {
    on_script_thread(move || {
        for (code, expected) in rows {
            let mut rig = Rig::new();
            let answer = match rig.run(&format!("{SHOW}show({code})")) {
                Ok(_) => rig.printed.borrow().trim_end().to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(answer, *expected, "\n{code}");
        }
    });
}

#[test]
fn notes() {
    table(&[
        ("print(note('C4'), note('F#3'), note('Bb2'), note('c-4'), note(61.5))", "60\t54\t46\t60\t61.5"),
        ("print(note_name(60), note_name(12), note_name(127), note_name('Bb2'))", "C4\tC0\tG9\tA#2"),
        ("print(midi_to_hz(69), midi_to_hz('A3'), hz_to_midi(440), hz_to_midi(880))", "440.0\t220.0\t69.0\t81.0"),
        ("print(transpose(60, 7), transpose('C4', -12))", "67\t48"),
        ("local t = transpose({60, {'E4', 67}}, 12) print(t[1], t[2][1], t[2][2])", "72\t76\t79"),
        ("print(degree(1, 'C4'), degree(8, 'C4'), degree(0, 'C4'), degree(-6, 'C4'))", "60\t72\t59\t48"),
        ("print(degree(3, 60, 'minor'), degree(4, 60, {0, 5, 7}))", "63\t72"),
        ("print(#scales() >= 40, #chords() >= 35)", "true\ttrue"),
        ("print(#scale(60, 'Harmonic Minor') == 8, scale == nil)", "true\tfalse"),
    ]);
    shows(&[
        ("scale('C4', 'major')", "60 62 64 65 67 69 71 72"),
        ("scale('C4', 'minor_pentatonic', 2)", "60 63 65 67 70 72 75 77 79 82 84"),
        ("scale('D4', 'dorian')", "62 64 65 67 69 71 72 74"),
        ("scale(0, 'ionian')", "0 2 4 5 7 9 11 12"),
        ("scale(0, {0, 5, 7}, 2)", "0 5 7 12 17 19 24"),
        ("degree({1, 3, 5, 8}, 'A3', 'minor')", "57 60 64 69"),
        ("chord('C4')", "60 64 67"),
        ("chord('C4', 'm7')", "60 63 67 70"),
        ("chord('C4', 'M7')", "60 64 67 71"),
        ("chord('C4', 'Minor')", "60 63 67"),
        ("chord('C4', '6/9')", "60 64 67 69 74"),
        ("chord('C4', '7#9')", "60 64 67 70 75"),
        ("chord('C4', 'maj', 1)", "64 67 72"),
        ("chord('C4', 'maj', 3)", "72 76 79"),
        ("chord('C4', 'maj', -1)", "55 60 64"),
        ("chord_degree('ii', 'C4', 'major')", "62 65 69"),
        ("chord_degree('V7', 'C4')", "67 71 74 77"),
        ("chord_degree(1, 'A3', 'minor', 1)", "60 64 69"),
        ("chord_degree('vii', 'A3', 'harmonic_minor')", "68 71 74"),
        ("arp({67, 60, 64})", "60 64 67"),
        ("arp({67, 60, 64}, 'played')", "67 60 64"),
        ("arp({60, 64}, 'up', 2)", "60 64 72 76"),
        ("arp({60, 64, 67}, 'down')", "67 64 60"),
        ("arp({60, 64, 67}, 'updown')", "60 64 67 64"),
        ("arp({60, 64, 67}, 'downup')", "67 64 60 64"),
        ("arp({1, 2, 3, 4, 5}, 'converge')", "1 5 2 4 3"),
        ("arp({1, 2, 3, 4, 5}, 'diverge')", "3 4 2 5 1"),
        ("arp({1, 2, 3}, 'pinky')", "1 3 2 3"),
        ("arp({1, 2, 3}, 'thumb')", "1 2 1 3"),
        ("arp({1}, 'thumb')", "1"),
        ("(function(l) table.sort(l) return l end)(arp({1, 2, 3}, 'random'))", "1 2 3"),
    ]);
}

/// Scales and chords begin on their root and go up; every alias is another name of one of those that are listed.
#[test]
fn scales_and_chords_go_up() {
    table(&[(
        "for _, name in ipairs(scales()) do local s = scale(0, name) \
         assert(s[1] == 0 and s[#s] == 12, name) for i = 2, #s do assert(s[i] > s[i - 1], name) end end \
         for _, name in ipairs(chords()) do local c = chord(0, name) \
         assert(c[1] == 0, name) for i = 2, #c do assert(c[i] > c[i - 1], name) end end print('all')",
        "all",
    )]);
}

#[test]
fn rhythm() {
    table(&[
        ("print(beats(2), beats('1/8'), beats('1/4d'), beats('1/8.'), beats('3/4'))", "2\t0.5\t1.5\t0.75\t3"),
        ("print(beats('1/4t') == 2 / 3, beats('beat'), beats('2 beats'), beats('0.5'))", "true\t1\t2\t0.5"),
        ("print(beats('bar'), beats('2 bars')) signature('7/8') print(beats('bar'))", "4\t8\n3.5"),
    ]);
    shows(&[
        ("bools(1, 0, true, false)", "true false true false"),
        ("euclid(0, 2)", "false false"),
        ("map(euclid(3, 8), function(hit) return hit and 'x' or '.' end)", "x . . x . . x ."),
        ("map(spread(5, 8), function(hit) return hit and 'x' or '.' end)", "x . x x . x x ."),
        ("map(euclid(3, 8, 2), function(hit) return hit and 'x' or '.' end)", ". x . . x . x ."),
        ("map(euclid(2, 5), function(hit) return hit and 'x' or '.' end)", "x . x . ."),
        ("map(euclid(5, 12), function(hit) return hit and 'x' or '.' end)", "x . . x . x . . x . x ."),
        ("map(euclid(7, 16), function(hit) return hit and 'x' or '.' end)", "x . . x . x . x . . x . x . x ."),
    ]);
}

#[test]
fn lists() {
    shows(&[
        ("map({1, 2, 3}, function(v, i) return v * i end)", "1 4 9"),
        ("where({3, 1, 2}, function(v) return v > 1 end)", "3 2"),
        ("{reduce({1, 2, 3}, math.max), reduce({}, math.max, 7)}", "3 7"),
        ("rotate({1, 2, 3, 4}, 1)", "2 3 4 1"),
        ("rotate({1, 2, 3, 4}, -1)", "4 1 2 3"),
        ("reverse({1, 2, 3})", "3 2 1"),
        ("concat({1}, {}, {2, 3})", "1 2 3"),
        ("take({1, 2, 3}, 2)", "1 2"),
        ("take({1, 2, 3}, -2)", "2 3"),
        ("take({1, 2, 3}, 9)", "1 2 3"),
        ("stretch({1, 2}, 3)", "1 1 1 2 2 2"),
        ("mirror({1, 2, 3})", "1 2 3 3 2 1"),
        ("reflect({1, 2, 3})", "1 2 3 2 1"),
        ("interleave({1, 2, 3}, {10, 20}, {5})", "1 10 5 2 20 3"),
        ("range(1, 4)", "1 2 3 4"),
        ("range(4, 1, 1.5)", "4.0 2.5 1.0"),
        ("range(0, 0.3, 0.1)", "0.0 0.1 0.2 0.3"),
        ("map(ring{1, 2}, function(v) return v end)", "1 2"),
        (
            "{clamp(12, 0, 10), clamp(-1, 0, 10), lerp(10, 20, 0.25), wrap(13, 0, 12), wrap(-1, 0, 12), wrap(5, 2, 4)}",
            "10 0 12.5 1 11 3",
        ),
        ("{fold_range(12, 0, 10), fold_range(-3, 0, 10), fold_range(25, 0, 10)}", "8 3 5"),
        ("{linlin(5, 0, 10, 100, 200), linlin(11, 0, 10, 1, 2), linexp(10, 0, 10, 100, 400)}", "150.0 2 400.0"),
    ]);
}

#[test]
fn sequences() {
    shows(&[
        (
            "(function() local s = sequins{1, 2, sequins{3, 4}} return {s(), s(), s(), s(), s(), s()} end)()",
            "1 2 3 1 2 4",
        ),
        ("(function() local s = sequins{1, 2, 3, 4, 5}:step(2) return {s(), s(), s(), s()} end)()", "1 3 5 2"),
        ("(function() local s = sequins{1, 2, 3}:step(-1) return {s(), s(), s()} end)()", "1 3 2"),
        ("(function() local s = sequins{1, sequins{2}:every(2)} return {s(), s(), s(), s(), s()} end)()", "1 1 2 1 1"),
        ("(function() local s = sequins{1, sequins{2}:times(1)} return {s(), s(), s(), s()} end)()", "1 2 1 1"),
        (
            "(function() local s = sequins{1, sequins{2, 3}:count(3)} return {s(), s(), s(), s(), s()} end)()",
            "1 2 3 2 1",
        ),
        ("(function() local s = sequins{sequins{1}:times(0)} return {s() == nil, s:peek() == nil} end)()", "true true"),
        ("(function() local s = sequins{sequins{1, 2}} s() s:reset() return {s(), s()} end)()", "1 2"),
        ("(function() local s = sequins{1}:every(2) return {s() == nil, s(), s() == nil} end)()", "true 1 true"),
        (
            "(function() local s = sequins{1, 2} s() s() s:reset() return {#s, s:peek() == nil, s(), s:peek()} end)()",
            "2 true 1 1",
        ),
        ("(function() local s = sequins{1, 2} s[2] = 9 s[3] = 8 return {s(), s(), s(), s[2], #s} end)()", "1 9 8 9 3"),
        ("(function() local r = ring{1, 2, 3} return {r[1], r[4], r[0], r[-1], #r} end)()", "1 1 3 2 3"),
        (
            "(function() local r = ring{1, 2} return {r:look(), r:tick(), r:tick(), r:look(), r:tick(), r:reset():tick()} end)()",
            "1 1 2 2 1 1",
        ),
    ]);
    table(&[
        (
            "print(ring{1, 2}, sequins{1, sequins{2}}, mini('a b'))",
            "ring{1, 2}\tsequins{1, sequins{2}}\tcycle{0-1/2 a, 1/2-1 b}",
        ),
        ("for i, v in pairs(ring{5, 6}) do print(i, v) end", "1\t5\n2\t6"),
        (
            "for k in pairs(mini('a')) do print(k) end print(getmetatable(mini('a')), getmetatable(ring{1}))",
            "false\tfalse",
        ),
    ]);
}

#[test]
fn chance() {
    table(&[
        ("print(weighted{{'a', 0}, {'b', 1}}, weighted({'a', 'b'}, {1, 0}), choose{7}, one_in(1))", "b\ta\t7\ttrue"),
        // All six orders of three values come about equally often.
        (
            "local seen = {} for i = 1, 600 do local o = table.concat(shuffle{1, 2, 3}) seen[o] = (seen[o] or 0) + 1 end \
             local kinds = 0 for o, n in pairs(seen) do kinds = kinds + 1 assert(n > 60 and n < 140, o) end print(kinds)",
            "6",
        ),
        ("print(chance(0), chance(1), irand(3, 3), rrand(2, 2))", "false\ttrue\t3\t2.0"),
        ("for i = 1, 200 do local n = irand(1, 3) assert(n >= 1 and n <= 3 and math.type(n) == 'integer') end", ""),
        (
            "local w = drunk(1, 5, 2) local last = 3 for i = 1, 200 do local n = w() \
          assert(n >= 1 and n <= 5 and math.abs(n - last) <= 2 and math.type(n) == 'integer') last = n end",
            "",
        ),
        ("local w = drunk(0, 1, 0.1) for i = 1, 200 do local n = w() assert(n >= 0 and n <= 1) end", ""),
        ("local n = 0 for i = 1, 2000 do if chance(0.25) then n = n + 1 end end assert(n > 400 and n < 600, n)", ""),
        (
            "local n = 0 for i = 1, 2000 do if weighted{{'a', 3}, {'b', 1}} == 'b' then n = n + 1 end end assert(n > 400 and n < 600, n)",
            "",
        ),
        ("local n = #mini('a?0.25'):fast(64):show(1):gsub('[^a]', '') assert(n > 35 and n < 60, n)", ""),
        (
            "local a = mini('a!16?'):show() local b = mini('a!16?'):show() assert(a ~= b) \
          math.randomseed() assert(mini('a!16?'):show() == a)",
            "",
        ),
    ]);
}
