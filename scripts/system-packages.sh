#!/usr/bin/env bash
# Installs the system packages that are missing: system-packages.sh build|test...
# Asks the system first (commands, pkg-config, fonts), so nothing runs when all is there. Installs with
# apt-get on Debian and Ubuntu; elsewhere it names what is missing and how to get it.
. "$(dirname "$0")/common.sh"

# need | how to see that it is there | Debian, Ubuntu | Fedora | Arch | macOS (- : not needed there)
packages_build='
C++ compiler|command:c++|g++|gcc-c++|gcc|xcode
make|command:make|make|make|make|xcode
CMake|command:cmake|cmake|cmake|cmake|cmake
pkg-config|command:pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf
Perl|perl|perl|perl|perl|-
libclang|libclang|libclang-dev|clang-devel|clang|-
OpenSSL headers|pkgconfig:openssl|libssl-dev|openssl-devel|openssl|-
WebKitGTK 4.1|pkgconfig:webkit2gtk-4.1|libwebkit2gtk-4.1-dev|webkit2gtk4.1-devel|webkit2gtk-4.1|-
bubblewrap|command:bwrap|bubblewrap|bubblewrap|bubblewrap|-
Python|command:python3|python3|python3|python|-'

packages_test='
Xvfb|command:xvfb-run|xvfb|xorg-x11-server-Xvfb|xorg-server-xvfb|-
xauth|command:xauth|xauth|xauth|xorg-xauth|-
WebKitWebDriver|command:WebKitWebDriver|webkit2gtk-driver|webkit2gtk-driver|webkit2gtk-4.1|-
D-Bus session|command:dbus-run-session|dbus|dbus-daemon|dbus|-
dbus-launch|command:dbus-launch|dbus-x11|dbus-x11|dbus|-
fc-list|command:fc-list|fontconfig|fontconfig|fontconfig|-
DejaVu fonts|font:DejaVu Sans|fonts-dejavu-core|dejavu-sans-fonts|ttf-dejavu|-
Liberation fonts|font:Liberation Sans|fonts-liberation|liberation-sans-fonts|ttf-liberation|-
Emoji font|font:Noto Color Emoji|fonts-noto-color-emoji|google-noto-color-emoji-fonts|noto-fonts-emoji|-
ImageMagick|command:identify|imagemagick|ImageMagick|imagemagick|-
Chromium|browser|chromium|chromium|chromium|chromium
strace|command:strace|strace|strace|strace|-
ip|command:ip|iproute2|iproute|iproute2|-
xdotool|command:xdotool|xdotool|xdotool|xdotool|-
unshare|command:unshare|util-linux|util-linux|util-linux|-
ShellCheck|command:shellcheck|shellcheck|ShellCheck|shellcheck|shellcheck'

is_there() {
    case $1 in
    command:*) have "${1#*:}" ;;
    pkgconfig:*) have pkg-config && pkg-config --exists "${1#*:}" ;;
    font:*) have fc-list && fc-list ":family=${1#*:}" family | grep -q . ;;
    # OpenSSL's own build needs modules that the smallest Perl packages leave out.
    perl) have perl && perl -MIPC::Cmd -MFindBin -MFile::Compare -e 1 2>/dev/null ;;
    libclang)
        local found
        for found in "${LIBCLANG_PATH:-/nowhere}"/libclang*.so* /usr/lib/llvm*/lib/libclang*.so* \
            /usr/lib/llvm*/lib64/libclang*.so* /usr/lib*/libclang*.so* /usr/lib/*-linux-gnu/libclang*.so*; do
            if [ -e "$found" ]; then return 0; fi
        done
        return 1
        ;;
    browser) have chromium || have chromium-browser || have google-chrome ;;
    *) die "system-packages.sh does not know how to look for \`$1\`" ;;
    esac
}

distribution() {
    if [ "$(uname)" = Darwin ]; then
        echo macos
    elif have apt-get && have dpkg-query; then
        echo debian
    elif have dnf; then
        echo fedora
    elif have pacman; then
        echo arch
    else
        echo other
    fi
}

install_debian() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "these packages are missing, and neither root nor sudo is at hand: $*" \
            "As root: apt-get install --no-install-recommends $*"
        as_root=(sudo)
    fi
    say "installing with apt-get: $*"
    # An outdated list makes the install fail with misleading errors.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
        say "the package lists could not be refreshed; trying with the ones that are here"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2 ||
        die "apt-get could not install: $*" "Its messages are above. OpZest needs Debian 12, Ubuntu 22.04 or newer."
}

[ $# -gt 0 ] || die "usage: system-packages.sh build|test..."
table=''
for set in "$@"; do
    case $set in
    build) table+=$packages_build ;;
    test) table+=$packages_test ;;
    *) die "unknown set of packages \`$set\` (build, test)" ;;
    esac
done

system=$(distribution)

# Fills `missing` (this system's package names) and `listed` (what they are for).
look() {
    local need probe debian fedora arch macos package
    missing=()
    listed=''
    while IFS='|' read -r need probe debian fedora arch macos; do
        if [ -z "$need" ]; then continue; fi
        case $system in
        fedora) package=$fedora ;;
        arch) package=$arch ;;
        macos) package=$macos ;;
        *) package=$debian ;;
        esac
        if [ "$package" = - ] || is_there "$probe"; then continue; fi
        if [ "$package" = chromium ] && grep -qs '^ID=ubuntu' /etc/os-release; then package=chromium-browser; fi
        missing+=("$package")
        listed+=${listed:+, }$need
    done <<<"$table"
    [ ${#missing[@]} -gt 0 ]
}

look || exit 0
case $system in
debian)
    install_debian "${missing[@]}"
    if look; then die "installed, and still not found: $listed" "Packages: ${missing[*]}"; fi
    ;;
fedora) die "missing on this system: $listed" "Install with: sudo dnf install ${missing[*]}" ;;
arch) die "missing on this system: $listed" "Install with: sudo pacman -S --needed ${missing[*]}" ;;
macos) die "missing on this system: $listed" \
    "Install with: brew install ${missing[*]}   (xcode stands for: xcode-select --install)" ;;
*) die "missing on this system: $listed" "On Debian the packages are called: ${missing[*]}" ;;
esac
