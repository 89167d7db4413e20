//! Expressions made from a seed: every function, every operator, nested.

/// Letters say what a function takes: `s` text, `n` number, `i` small whole number, `b` bool, `S` texts, `N` numbers,
/// `B` bools, `L` list, `M` map, `a` anything, and texts of a form: `c` network, `d` time, `D` duration, `F` date
/// format, `f` format, `r` regular expression, `j` JSON, `6` base64, `p` path, `k` key, `C` CSV, `u` namespace. A `*`
/// repeats the letter before it.
pub const FUNCTIONS: &[(&str, &str, char)] = &[
    ("abs", "n", 'n'),
    ("basename", "p", 's'),
    ("base64decode", "6", 's'),
    ("base64encode", "s", 's'),
    ("ceil", "n", 'n'),
    ("chomp", "s", 's'),
    ("chunklist", "Li", 'L'),
    ("cidrhost", "ci", 's'),
    ("cidrnetmask", "c", 's'),
    ("cidrsubnet", "cii", 's'),
    ("cidrsubnets", "ci*", 'S'),
    ("coalesce", "a*", 'a'),
    ("coalescelist", "L*", 'L'),
    ("compact", "S", 'S'),
    ("concat", "L*", 'L'),
    ("contains", "Sk", 'b'),
    ("csvdecode", "C", 'L'),
    ("dirname", "p", 's'),
    ("distinct", "L", 'L'),
    ("element", "Si", 's'),
    ("flatten", "L", 'L'),
    ("floor", "n", 'n'),
    ("format", "fa*", 's'),
    ("formatdate", "Fd", 's'),
    ("formatlist", "fS*", 'S'),
    ("indent", "is", 's'),
    ("index", "Sk", 'n'),
    ("join", "sS", 's'),
    ("jsondecode", "j", 'a'),
    ("jsonencode", "a", 's'),
    ("keys", "M", 'S'),
    ("length", "L", 'n'),
    ("length", "M", 'n'),
    ("log", "nn", 'n'),
    ("lookup", "Mks", 's'),
    ("lower", "s", 's'),
    ("max", "n*", 'n'),
    ("md5", "s", 's'),
    ("merge", "M*", 'M'),
    ("min", "n*", 'n'),
    ("parseint", "ki", 'n'),
    ("pow", "ii", 'n'),
    ("range", "i", 'N'),
    ("range", "ii", 'N'),
    ("range", "iii", 'N'),
    ("regex_replace", "srs", 's'),
    ("replace", "sks", 's'),
    ("reverse", "L", 'L'),
    ("setintersection", "SS", 'a'),
    ("setproduct", "SS", 'L'),
    ("setunion", "SS", 'a'),
    ("sha1", "s", 's'),
    ("sha256", "s", 's'),
    ("sha512", "s", 's'),
    ("signum", "n", 'n'),
    ("slice", "Lii", 'L'),
    ("sort", "S", 'S'),
    ("split", "ks", 'S'),
    ("strrev", "s", 's'),
    ("substr", "sii", 's'),
    ("timeadd", "dD", 's'),
    ("title", "s", 's'),
    ("trim", "sk", 's'),
    ("trimprefix", "sk", 's'),
    ("trimspace", "s", 's'),
    ("trimsuffix", "sk", 's'),
    ("upper", "s", 's'),
    ("urlencode", "s", 's'),
    ("uuidv5", "us", 's'),
    ("values", "M", 'L'),
    ("yamlencode", "a", 's'),
    ("zipmap", "SS", 'M'),
];

const TEXTS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""Hello World""#,
    r#""äöü ß É""#,
    r#""日本語 text""#,
    r#""  pad\t ""#,
    r#""a,b,,c""#,
    r#""1""#,
    r#""-17""#,
    r#""2.50""#,
    r#""true""#,
    r#""false""#,
    r#""e\u0301x""#,
    r#""x\ny\n""#,
    r#""quote\"s and \\ back""#,
    r#""$${x} %%{y}""#,
    r#""<a&b> 'q'""#,
    r#""UPPER_lower-mixed.Name""#,
];

pub struct Generator {
    state: u64,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        Generator { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    fn below(&mut self, count: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % count
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// An expression of any type.
    pub fn expression(&mut self, depth: usize) -> String {
        let kind = ['s', 's', 'n', 'b', 'S', 'N', 'L', 'M', 'a'][self.below(9)];
        self.of(kind, depth)
    }

    /// A call of one function.
    pub fn call(&mut self, index: usize, depth: usize) -> String {
        let (name, takes, _) = FUNCTIONS[index % FUNCTIONS.len()];
        let mut args = Vec::new();
        let letters: Vec<char> = takes.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            match letter {
                '*' => {
                    for _ in 0..self.below(3) {
                        let more = self.of(letters[at - 1], depth.saturating_sub(1));
                        args.push(more);
                    }
                }
                letter => args.push(self.of(*letter, depth.saturating_sub(1))),
            }
        }
        format!("{name}({})", args.join(", "))
    }

    fn list(&mut self, kind: char, depth: usize) -> String {
        let count = self.below(4);
        let items: Vec<String> = (0..count).map(|_| self.of(kind, depth.saturating_sub(1))).collect();
        format!("[{}]", items.join(", "))
    }

    fn function_of(&mut self, kind: char, depth: usize) -> Option<String> {
        let fitting: Vec<usize> = (0..FUNCTIONS.len()).filter(|i| FUNCTIONS[*i].2 == kind).collect();
        if depth == 0 || fitting.is_empty() || self.below(2) == 0 {
            return None;
        }
        let index = fitting[self.below(fitting.len())];
        Some(self.call(index, depth))
    }

    /// An expression of a kind.
    fn of(&mut self, kind: char, depth: usize) -> String {
        if let Some(call) = self.function_of(kind, depth) {
            return call;
        }
        let inner = depth.saturating_sub(1);
        match kind {
            's' if depth > 0 => match self.below(6) {
                0 => format!("\"<${{{}}}>\"", self.of('s', inner)),
                1 => format!("\"${{{}}}-${{{}}}\"", self.of('n', inner), self.of('b', inner)),
                2 => format!("{} ? {} : {}", self.of('b', inner), self.of('s', inner), self.of('s', inner)),
                3 => format!(
                    "\"%{{ for x in {} }}${{x}};%{{ endfor }}%{{ if {} ~}} y %{{ else }}n%{{ endif }}\"",
                    self.of('S', inner),
                    self.of('b', inner)
                ),
                _ => self.pick(TEXTS).to_owned(),
            },
            's' => self.pick(TEXTS).to_owned(),
            'n' if depth > 0 => {
                let (a, b) = (self.of('n', inner), self.of('n', inner));
                match self.below(8) {
                    0..=4 => format!("({a} {} {b})", self.pick(&["+", "-", "*", "/", "%"])),
                    5 => format!("-({a})"),
                    _ => self.pick(&["0", "1", "3.25", "-2", "1e3", "\"12\"", "100"]).to_owned(),
                }
            }
            'n' => self.pick(&["0", "1", "2", "7", "-3", "0.5", "12345678901", "\"4\"", "1.75"]).to_owned(),
            'i' => self.pick(&["0", "1", "2", "3", "8", "-1", "10", "16"]).to_owned(),
            'b' if depth > 0 => match self.below(6) {
                0 => format!(
                    "{} {} {}",
                    self.of('n', inner),
                    self.pick(&["<", "<=", ">", ">=", "==", "!="]),
                    self.of('n', inner)
                ),
                1 => {
                    format!("({} {} {})", self.of('b', inner), self.pick(&["&&", "||"]), self.of('b', inner))
                }
                2 => format!("!({})", self.of('b', inner)),
                3 => format!("{} == {}", self.of('s', inner), self.of('s', inner)),
                4 => format!("{} != {}", self.of('S', inner), self.of('S', inner)),
                _ => format!("can({})", self.of('a', inner)),
            },
            'b' => self.pick(&["true", "false"]).to_owned(),
            'S' if depth > 0 => match self.below(4) {
                0 => format!("[for k, v in {} : \"${{k}}=${{v}}\"]", self.of('M', inner)),
                1 => format!("[for x in {} : upper(x) if x != \"a\"]", self.of('S', inner)),
                2 => format!("{}[*]", self.of('S', inner)),
                _ => self.list('s', depth),
            },
            'S' => self.list('s', 0),
            'N' => self.list('n', depth),
            'L' => match self.below(4) {
                0 => self.of('S', inner),
                1 => self.of('N', inner),
                2 if depth > 0 => self.list('S', inner),
                _ => self.list('a', inner),
            },
            'M' => {
                let names = ["a", "b", "c-d", "\"k 1\"", "(\"x${1}\")"];
                let count = self.below(4);
                let entries: Vec<String> =
                    (0..count).map(|i| format!("{} = {}", names[i], self.of('s', inner))).collect();
                match self.below(4) {
                    0 if depth > 0 => {
                        format!("{{ for i, x in {} : \"n${{i}}\" => x }}", self.of('S', inner))
                    }
                    _ => format!("{{ {} }}", entries.join(", ")),
                }
            }
            'a' => match self.below(9) {
                0 => "null".to_owned(),
                1 => self.of('n', inner),
                2 => self.of('b', inner),
                3 if depth > 0 => self.of('M', inner),
                4 if depth > 0 => self.of('L', inner),
                5 if depth > 0 => format!("{}[{}]", self.of('S', inner), self.of('i', 0)),
                6 if depth > 0 => format!("{{ x = {} }}.x", self.of('s', inner)),
                7 if depth > 0 => {
                    format!(
                        "convert({}, {})",
                        self.of('s', inner),
                        self.pick(&["string", "number", "bool", "list(string)"])
                    )
                }
                _ => self.of('s', inner),
            },
            'c' => self
                .pick(&[
                    r#""10.0.0.0/8""#,
                    r#""192.168.17.0/24""#,
                    r#""fd00::/48""#,
                    r#""1.2.3.4/32""#,
                    r#""x""#,
                ])
                .to_owned(),
            'd' => self
                .pick(&[
                    r#""2018-01-02T23:12:01Z""#,
                    r#""2020-02-29T03:04:05+05:30""#,
                    r#""1999-12-31T23:59:59-08:00""#,
                    r#""2018-01-02""#,
                ])
                .to_owned(),
            'D' => self.pick(&[r#""1h""#, r#""-90m""#, r#""36h2m1s""#, r#""1500ms""#, r#""10""#]).to_owned(),
            'F' => self
                .pick(&[
                    r#""YYYY-MM-DD'T'hh:mm:ssZ""#,
                    r#""EEEE, DD-MMM-YY hh:mm:ss ZZZ""#,
                    r#""D MMMM YYYY H:m:s aa ZZZZZ""#,
                    r#""EEE HH AA hh 'it''s' M""#,
                    r#""Q""#,
                ])
                .to_owned(),
            'f' => self
                .pick(&[
                    r#""%s""#,
                    r#""%v|%v""#,
                    r#""%d""#,
                    r#""%05d""#,
                    r#""%-8s|""#,
                    r#""%8.3f""#,
                    r#""%q""#,
                    r#""%x %X""#,
                    r#""%t""#,
                    r#""%#v""#,
                    r#""%%""#,
                    r#""%[2]v %[1]v""#,
                    r#""%e""#,
                    r#""%g""#,
                    r#""%b""#,
                    r#""%+d""#,
                    r#""%o""#,
                    r#""no verb""#,
                    r#""%.2s""#,
                ])
                .to_owned(),
            'r' => self
                .pick(&[
                    r#""a|e""#,
                    r#""(?i)[a-m]+""#,
                    r#""(\\w+) (\\w+)""#,
                    r#""^ +""#,
                    r#""x(?P<n>.)""#,
                    r#""(""#,
                ])
                .to_owned(),
            'j' => self
                .pick(&[
                    r#""{\"a\": [1, 2.5, null, true]}""#,
                    r#""\"x\"""#,
                    r#""[]""#,
                    r#""{\"b\":{\"c\":\"d\"}}""#,
                    r#""nope""#,
                ])
                .to_owned(),
            '6' => self.pick(&[r#""aGVsbG8=""#, r#""4pyT""#, r#""/w==""#, r#""***""#, r#""""#]).to_owned(),
            'p' => self
                .pick(&[
                    r#""a/b/c.txt""#,
                    r#""/""#,
                    r#""""#,
                    r#""/usr/lib/""#,
                    r#""./x""#,
                    r#""a//b/../c""#,
                    r#""file""#,
                    r#"".."#,
                ])
                .to_owned()
                .replace(r#"".."#, r#""..""#),
            'k' => self
                .pick(&[
                    r#""a""#,
                    r#""b""#,
                    r#"" ""#,
                    r#"",""#,
                    r#""""#,
                    r#""ff""#,
                    r#""12""#,
                    r#""l""#,
                    r#""Hello""#,
                ])
                .to_owned(),
            'C' => self
                .pick(&[r#""a,b\n1,2\n\"x y\",z\n""#, r#""a\n""#, r#""a,b\n1\n""#, r#""h\n1\n2""#])
                .to_owned(),
            'u' => self
                .pick(&[
                    r#""dns""#,
                    r#""url""#,
                    r#""oid""#,
                    r#""x500""#,
                    r#""6ba7b810-9dad-11d1-80b4-00c04fd430c8""#,
                    r#""bad""#,
                ])
                .to_owned(),
            _ => "null".to_owned(),
        }
    }
}
