# Run by busybox ash in a fresh folder, natively and under xlat86; prints and leaves the same. No floating point.
say() { echo "== $*"; }
say files
mkdir -p a/b/c
echo one >a/one
printf 'b\na\nc\na\n' >a/b/letters
seq() { i=$1; while [ $i -le $2 ]; do echo $i; i=$((i + 1)); done; }
seq 1 300 >a/numbers
cp -r a copy
cp -p a/one kept
mv copy/one copy/two
ln -s a/one soft
ln a/one hard
ln -s ../escape a/escape
chmod 640 a/one
touch -d '2020-01-02 03:04:05' a/one
rm copy/numbers
rmdir a/b/c
rmdir a 2>&1
cat soft hard a/missing 2>&1
ls -lna --full-time a | sed 's/ [0-9-]* [0-9:.]* [+0-9]* \([^ ]*\( -> .*\)\{0,1\}\)$/ \1/' | grep -v ' \.\.*$'
ls -lin a/one hard | cut -d' ' -f3-5
stat -c '%n %a %F %s %h' a/one soft a/b; stat -c %Y a/one
readlink -f soft
find . | sort
find . -type f -size +0 -name '*e*' -exec echo found {} \; | sort
du -a a/b | sort
say text
sort a/b/letters | uniq -c
sort -r a/numbers | head -3
tail -n 2 a/numbers
wc a/numbers
cut -c2-3 a/numbers | tr 1-5 a-e | tail -4
grep -n '7$' a/numbers | grep -vc '^1'
sed -n '/^29/{s/9/nine/g;p}' a/numbers
xargs -n 5 echo <a/b/letters
od -c a/one
hexdump -C a/b/letters
tee t1 t2 <a/one
diff a/b/letters t1
cmp a/one t2 && echo same
rev a/one; fold -w 2 a/one; expand a/one; paste a/one a/one; nl a/b/letters; tac a/b/letters
basename /x/y.z .z; dirname /x/y.z; expr 6 \* 7
dd if=a/numbers bs=10 skip=3 count=2 2>/dev/null
say archives
tar cf all.tar a copy soft
tar tf all.tar | sort
mkdir out; tar xf all.tar -C out; diff -r a out/a && echo equal
gzip -9 <a/numbers | gunzip | cmp - a/numbers && echo gzip
bzip2 <a/numbers | bunzip2 | cmp - a/numbers && echo bzip2
tar czf all.tgz a; tar tzf all.tgz | wc -l
sha256sum a/numbers; md5sum a/numbers; sha1sum a/numbers; cksum a/numbers; sha512sum a/one
say shell
f() { local x=$1; echo "$x: $*"; return $#; }
f p q; echo $?
echo $((7 * 6 % 5)) ${undefined:-default} ${#PATH}
for word in x y; do case $word in x) echo is x ;; *) echo other ;; esac; done
echo a | { read v; echo "read $v"; }
(exit 5); echo $?
false || true && echo chain
cat <<EOF | tr a-z A-Z
here $((1 + 1)) $(echo sub)
EOF
trap 'echo bye' EXIT
trap 'echo usr' USR1
kill -USR1 $$
sh -c 'kill -TERM $$'; echo $?
sh -c 'exit 9' & wait $!; echo $?
set -- one "two three"; echo $# "$2"
echo "$@" | while read a b; do echo "$b/$a"; done
ls missing >/dev/null 2>&1; echo $?
printf '%s %5d|%-5s|%x\n' str 42 left 255
[ -f a/one ] && [ ! -d a/one ] && [ a/one -ef hard ] && echo tests
pwd | sed 's/.*\///' >/dev/null
cd a/b && cd .. && ls b
umask 077; >private; ls -l private | cut -c1-10
yes | head -n 2
echo done
