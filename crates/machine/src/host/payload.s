# The probe's payload: a firmware image of its own, so that nothing but the accelerator is measured.
# From reset it enters long mode with paging, then works as a kernel does: arithmetic over memory, calls, page
# table changes with invlpg, reloads of CR3. At the end it leaves QEMU through the isa-debug-exit device.
#
#   as -o payload.o payload.s && ld -Ttext=0xf0000 --oformat=binary -o payload.bin payload.o
#
# payload.rs holds the resulting bytes; a test assembles this file again and compares.
# Memory: 0x1000 PML4, 0x2000 PDPT, 0x3000 PD, 0x4000 PT (identity, first 2 MiB, 4 KiB pages), stack below 0x7000,
# 0x20000-0x2ffff working set, 0x30000 the page whose mapping alternates between 0x30000 and 0x31000.

        .intel_syntax noprefix
        .set    ROUNDS, 65536
        .set    DONE, 0x10              # exit code of QEMU: 2 * 0x10 + 1
        .set    WRONG, 0x20             # the counts disagree: 2 * 0x20 + 1

        .code16
        .globl  _start
_start: cli
        data32 lgdt cs:[gdtr - _start]
        mov     eax, cr0
        or      al, 1                   # protected mode
        mov     cr0, eax
        ljmpd   0x08, offset prot

        .code32
prot:   mov     ax, 0x10
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        xor     eax, eax
        mov     edi, 0x1000
        mov     ecx, 0x1000             # four tables
        rep stosd
        mov     edi, 0x20000
        mov     ecx, 0x4800             # working set and both pages
        rep stosd
        mov     dword ptr [0x1000], 0x2003
        mov     dword ptr [0x2000], 0x3003
        mov     dword ptr [0x3000], 0x4003
        mov     edi, 0x4000
        mov     eax, 3                  # present, writable
1:      mov     [edi], eax
        add     eax, 0x1000
        add     edi, 8
        cmp     edi, 0x5000
        jne     1b
        mov     eax, cr4
        or      al, 0x20                # PAE
        mov     cr4, eax
        mov     eax, 0x1000
        mov     cr3, eax
        mov     ecx, 0xc0000080         # EFER
        rdmsr
        or      ah, 1                   # LME
        wrmsr
        mov     eax, cr0
        or      eax, 0x80000000         # PG
        mov     cr0, eax
        ljmp    0x18, offset long

        .code64
long:   mov     esp, 0x7000
        mov     ebx, ROUNDS
round:  mov     edi, 0x20000
        mov     ecx, 2048
2:      mov     rax, [rdi]
        imul    rax, rax, 0x41c6
        add     rax, rbx
        rol     rax, 7
        xor     rax, rdi
        mov     [rdi], rax
        add     rdi, 32
        dec     ecx
        jnz     2b
        call    remap
        test    bl, 15
        jnz     3f
        mov     rax, cr3                # every 16th round: drop all translations
        mov     cr3, rax
3:      dec     ebx
        jnz     round

        mov     al, DONE
        cmp     dword ptr [0x31000], ROUNDS / 2
        je      4f
        mov     al, WRONG
4:      out     0xf4, al
5:      hlt
        jmp     5b

remap:  xor     dword ptr [0x4180], 0x1000      # PT entry of 0x30000
        invlpg  [0x30000]
        inc     dword ptr [0x30000]
        ret

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      # 0x08 code, 32 bit
        .quad   0x00cf93000000ffff      # 0x10 data
        .quad   0x00af9b000000ffff      # 0x18 code, 64 bit
gdtr:   .word   31
        .long   gdt
