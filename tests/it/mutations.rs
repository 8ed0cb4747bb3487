//! Good scripts with a few tokens changed: whatever comes of it, nothing panics, nothing hangs, and what fails changes
//! nothing that is heard.

use std::time::{Duration, Instant};

use cantus_host::control::Commit;
use cantus_lua::{Options, Script, ScriptError};

use crate::rig::{Studio, pieces, registry};

/// Changed scripts of each good one; `make soak` tries twenty times as many.
const SEEDS: u64 = 100;

/// Frames that are compared after an error.
const FRAMES: usize = 64 * 6;

/// VM instructions of an evaluation: what never ends ends soon.
const INSTRUCTIONS: u64 = 300_000;

/// What plays when a changed script comes.
const PLAYING: &str = "bpm(140)
    constant('c', {value = 0.25})
    local c = engine:getModuleRegistry():getModule('c')
    every(1/4, function(beat) c.value = beat % 2 / 4 end)";

const GOOD: [&str; 10] = [
    "bpm(124)
local kick = sampler('kick', {volume = 0.8})
kick.volume = '-6dB'
local seq = sequencer('seq', {pattern = pattern('beat', 'x . X . | x x . .')})
connect(seq, kick)
connect(kick, out)",
    "local rows = {lanes = {{'x...x...', slot = 1}, {'..x...x.', slot = 2, velocity = 0.5}}}
pattern('kit', rows)
pattern('line', {[1] = 'C4', [3] = {note = 'E4', length = 2}, [5] = {60, 64}, rows = 8})
chain('song', {'kit', {'line', 4}, {pattern = 'kit', repeats = 2}}, {loop = true})",
    "local d = dial('slow', {value = 0.5})
constant('lead', {value = 0.1})
modulate(d, 'lead.value', {depth = 0.5})
local lead = engine:getModuleRegistry():getModule('lead')
lead.value = lead.value * 2
mute(lead)",
    "constant('s')
local n = 0
every(1/2, function(beat) n = n + 1 setParam('s.value', n % 8 / 50) end, {offset = 0.25})
setTimeout(function() setParam('s.value', 0.5) end, 100)
clock.run(function() for i = 1, 4 do clock.sync(1/4) setParam('s.value', i / 100) end end)",
    "local state = engine:getState()
for name, module in pairs(state.modules) do print(name, module.type) end
engine:onStateChange(function(now) if now.clock.bpm > 150 then bpm(150) end end, 'clock')
bpm(state.clock.bpm + 20)",
    "local s = scale('C4', 'dorian', 2)
local notes = sequins{1, 3, sequins{5, 7}}
local r = ring(chord('A3', 'm7'))
local line = {}
for i = 1, 8 do line[i] = i % 2 == 0 and r[i] or s[notes()] end
pattern('walk', line)",
    "pattern('c', mini('bd*2 [~ sn] <hh oh>!2 cp?0.3'), {slots = {bd = 1, sn = 2, hh = 3, oh = 4, cp = 5}})
local melody = mini('c4 e4 g4 b4'):every(2, function(c) return c:rev() end)
melody = melody:off(1/8, function(c) return c:transpose(12) end)
pattern('m', melody:slow(2):degrade(0.2))",
    "local t, words = {}, {}
for i = 1, 20 do t[#t + 1] = (i * 7) % 11 end
table.sort(t, function(a, b) return a < b end)
for word in ('kick snare hat'):gmatch('%a+') do words[#words + 1] = word:upper():sub(1, 3) end
print(table.concat(words, ' '), #t, math.random(10))",
    "signature('3/4')
swing(0.6)
tempo_at(8, 160, {ramp = true})
loop(0, 12)
local kept = keep('memory', function() return {count = 0} end)
kept.count = kept.count + 1
print(beats('1/8'), kept.count)
setting('grid', 1)",
    "local function voice(name, value)
  local ok, made = pcall(constant, name, {value = value})
  if not ok then error(made, 0) end
  return made
end
local all = map(range(1, 3), function(i) return voice('v' .. i, i / 10) end)
for i, v in ipairs(all) do v.value = i / 20 connect(v, gain('g' .. i)) end",
];

/// Tokens that scripts do not expect.
const NASTY: [&str; 28] = [
    "nil",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "0/0",
    "1/0",
    "\"\"",
    "{}",
    "function() end",
    "while true do end",
    "...",
    "\"out\"",
    "99999999999999999999",
    "9007199254740993",
    "true",
    "out",
    "engine",
    "print",
    "error",
    "(",
    ")",
    "end",
    "{{}}",
    "'\\0'",
    "1e9",
    "_ENV",
    "setmetatable({}, {__index = error})",
];

/// Numbers that scripts may expect.
const NUMBERS: [&str; 8] = ["0", "1", "2", "0.5", "7", "16", "-3", "1000"];

/// Small numbers of a seed: splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides.max(1) as u64) as usize
    }
}

/// Words, numbers, texts, signs and white space; together they are the script.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let while_so = |so: fn(char) -> bool| rest.find(|c| !so(c)).unwrap_or(rest.len());
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if c.is_whitespace() => while_so(char::is_whitespace),
            c if c.is_alphanumeric() || c == '_' => while_so(|c| c.is_alphanumeric() || c == '_' || c == '.'),
            '.' | '=' | '<' | '>' | '~' => while_so(|c| matches!(c, '.' | '=' | '<' | '>' | '~')),
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = &rest[length..];
    }
    tokens
}

/// A script with one to three tokens deleted, doubled, swapped or replaced.
fn changed(code: &str, dice: &mut Dice) -> String {
    let mut tokens = tokens(code);
    for _ in 0..[1, 1, 2, 3][dice.roll(4)] {
        let places: Vec<usize> = (0..tokens.len()).filter(|i| !tokens[*i].trim().is_empty()).collect();
        let (Some(&at), Some(&other)) = (places.get(dice.roll(places.len())), places.get(dice.roll(places.len())))
        else {
            continue;
        };
        let kind = |token: &str| token.chars().next().map(|c| (c.is_numeric(), c.is_alphabetic(), c == '\''));
        let alike: Vec<&str> = tokens.iter().copied().filter(|token| kind(token) == kind(tokens[at])).collect();
        let numbers: Vec<usize> = places.into_iter().filter(|i| tokens[*i].starts_with(char::is_numeric)).collect();
        match dice.roll(10) {
            0 => _ = tokens.remove(at),
            1 => tokens.splice(at..at, [tokens[at], " "]).for_each(drop),
            2 => tokens.swap(at, other),
            3 => tokens[at] = tokens[other],
            4 | 5 => tokens[at] = alike[dice.roll(alike.len())],
            6 | 7 if !numbers.is_empty() => {
                tokens[numbers[dice.roll(numbers.len())]] = NUMBERS[dice.roll(NUMBERS.len())]
            }
            _ => tokens[at] = NASTY[dice.roll(NASTY.len())],
        }
    }
    tokens.concat()
}

/// A studio that plays, and has played a while.
fn playing() -> Studio {
    let few = Options { instructions: INSTRUCTIONS, memory: 16 << 20, ..Options::default() };
    let mut studio = Studio::with_options(registry(), pieces(), few);
    studio.eval_as(PLAYING, "playing.lua");
    studio.start();
    studio.render(FRAMES);
    studio
}

fn placed(error: &ScriptError) -> bool {
    error.line.is_some() && !error.file.is_empty() && !error.message.contains("[cantus")
}

/// One changed script; the twin has heard of none of them.
fn check(studio: &mut Studio, twin: &mut Studio, code: &str) -> Result<bool, String> {
    let before = studio.engine().state().model.clone();
    let begin = Instant::now();
    let outcome = studio.try_eval_as(code, "song.lua");
    let took = begin.elapsed();
    if took > Duration::from_secs(5) {
        return Err(format!("it took {took:?}"));
    }
    let Err(error) = outcome else {
        studio.render(64 * 8);
        let complaints = studio.complaints();
        let odd = complaints.iter().find(|text| !text.contains(".lua:") && !text.starts_with("(load):"));
        return odd.map_or(Ok(false), |odd| Err(format!("no place in \"{odd}\"")));
    };
    if !placed(&error) {
        return Err(format!("no place in \"{error}\""));
    }
    if *studio.engine().state().model != *before {
        return Err(format!("the Model has changed, despite \"{error}\""));
    }
    let bits = |wave: [Vec<f32>; 2]| wave.into_iter().flatten().map(f32::to_bits).collect::<Vec<_>>();
    let (here, there) = (bits(studio.render(FRAMES)), bits(twin.render(FRAMES)));
    if here != there {
        let at = here.iter().zip(&there).position(|(a, b)| a != b);
        return Err(format!("sounds other than its twin from {at:?}, despite \"{error}\""));
    }
    match studio.complaints().first() {
        Some(text) => Err(format!("a timer of a script that failed: {text}")),
        None => Ok(true),
    }
}

fn all_of(good: usize) -> (usize, usize) {
    let seeds = if std::env::var("PROPTEST_CASES").is_ok() { SEEDS * 20 } else { SEEDS };
    let (mut studio, mut twin) = (playing(), playing());
    let (mut failed, mut passed) = (0, 0);
    for seed in 0..seeds {
        let code = changed(GOOD[good], &mut Dice(seed * 10 + good as u64));
        match check(&mut studio, &mut twin, &code) {
            Ok(true) => failed += 1,
            Ok(false) => {
                // It plays something else now.
                passed += 1;
                (studio, twin) = (playing(), playing());
            }
            Err(why) => panic!("script {good}, seed {seed}: {why}\n{code}"),
        }
    }
    (failed, passed)
}

#[test]
fn changed_scripts_change_nothing_unless_they_run() {
    let each = |good: usize| {
        let thread = std::thread::Builder::new().stack_size(Script::STACK).spawn(move || all_of(good));
        thread.expect("a thread").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    };
    let counts: Vec<(usize, usize)> = (0..GOOD.len()).map(each).collect();
    let (failed, passed) = counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert!(failed > 500 && passed > 50, "both kinds are tried: {counts:?}");
}

#[test]
fn the_scripts_are_good() {
    for (index, code) in GOOD.iter().enumerate() {
        let mut studio = playing();
        if let Err(error) = studio.try_eval_as(code, "song.lua") {
            panic!("script {index}: {error}\n{code}");
        }
        studio.render(64 * 200);
        assert_eq!(studio.complaints(), Vec::<String>::new(), "script {index}");
        assert_eq!(tokens(code).concat(), **code);
    }
}
