//! Boot media of a few dozen bytes, which show on the serial console that they were booted.

/// What the installer says.
pub const INSTALLING: &str = "INSTALLING";
/// What the disk says that the installer has written.
pub const INSTALLED: &str = "BOOTED-FROM-DISK";

/// Where the firmware puts what it boots.
pub const ORIGIN: u16 = 0x7c00;
const SECTOR: usize = 512;
const CD_SECTOR: usize = 2048;

/// An image of a CD-ROM that boots (El Torito, without a file system): its program writes
/// [a boot sector](installed) to the first disk, and reboots.
pub fn cdrom() -> Vec<u8> {
    const BOOT_RECORD: usize = 17;
    const CATALOG: usize = 18;
    const PROGRAM: usize = 19;

    let mut image = vec![0; CD_SECTOR * (PROGRAM + 1)];
    let mut put = |sector: usize, offset: usize, bytes: &[u8]| {
        let start = sector * CD_SECTOR + offset;
        image[start..start + bytes.len()].copy_from_slice(bytes);
    };
    put(BOOT_RECORD, 0, b"\0CD001\x01EL TORITO SPECIFICATION");
    put(BOOT_RECORD, 0x47, &[CATALOG as u8]);
    // The validation entry, whose words add up to zero; then a bootable entry without emulation, of
    // four sectors of 512 bytes.
    put(CATALOG, 0, &[1]);
    put(CATALOG, 0x1c, &[0xaa, 0x55, 0x55, 0xaa]);
    put(CATALOG, 0x20, &[0x88]);
    put(CATALOG, 0x26, &[4, 0, PROGRAM as u8]);
    put(PROGRAM, 0, &installer());
    put(PROGRAM, SECTOR, &installed());
    image
}

fn installer() -> Vec<u8> {
    let sector = (ORIGIN + SECTOR as u16).to_le_bytes();
    #[rustfmt::skip]
    let then = [
        0xb8, 0x01, 0x03,           // mov ax, 0301h: write one sector
        0xbb, sector[0], sector[1], // mov bx, sector
        0xb9, 0x01, 0x00,           // mov cx, 1: the first one
        0xba, 0x80, 0x00,           // mov dx, 80h: of the first disk
        0xcd, 0x13,                 // int 13h
        0xb0, 0xfe,                 // mov al, 0feh
        0xe6, 0x64,                 // out 64h, al: reset
        0xf4, 0xeb, 0xfd,           // hlt, for ever
    ];
    program(INSTALLING, &then)
}

/// A boot sector that says so and halts.
pub fn installed() -> Vec<u8> {
    let mut sector = program(INSTALLED, &[0xfa, 0xf4, 0xeb, 0xfd]); // cli; hlt, for ever
    sector.resize(SECTOR - 2, 0);
    sector.extend([0x55, 0xaa]);
    sector
}

/// Writes a line to the serial port, and goes on with other code.
fn program(line: &str, then: &[u8]) -> Vec<u8> {
    const CODE: u16 = 0x14;
    let text = (ORIGIN + CODE + then.len() as u16).to_le_bytes();
    #[rustfmt::skip]
    let code = [
        0x31, 0xc0,              // xor ax, ax
        0x8e, 0xd8,              // mov ds, ax
        0x8e, 0xc0,              // mov es, ax
        0xbe, text[0], text[1],  // mov si, text
        0xba, 0xf8, 0x03,        // mov dx, 3f8h
        0xac,                    // next: lodsb
        0x84, 0xc0,              // test al, al
        0x74, 0x03,              // jz done
        0xee,                    // out dx, al
        0xeb, 0xf8,              // jmp next
    ]; // done:
    let line = format!("{line}\r\n\0");
    [&code, then, line.as_bytes()].concat()
}
