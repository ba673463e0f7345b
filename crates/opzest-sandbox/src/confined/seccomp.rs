//! The system calls that a program in the sandbox is refused.
//!
//! Namespaces and dropped rights already make most of them useless. The filter keeps programs away from
//! large and rarely needed parts of the kernel, where such protections have failed before.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Compare,
    SeccompCondition, SeccompFilter, SeccompRule, sock_filter,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// As if the caller lacked the right.
const REFUSED: &[libc::c_long] = &[
    // The kernel's key store has no namespaces.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Looking into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // File systems and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_quotactl,
    libc::SYS_unshare,
    libc::SYS_setns,
    // The machine.
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    // Parts of the kernel with a history.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    // Memory that no limit of ours counts.
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
];

/// As if the kernel did not have them yet; programs then take another way.
const UNKNOWN: &[libc::c_long] = &[
    // Its flags lie in memory, where a filter cannot read them; libc falls back to clone.
    libc::SYS_clone3,
    // Does other system calls without asking this filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Files in memory that no limit of ours counts.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

/// What a network namespace covers; other kinds of sockets (vsock, Bluetooth ...) have no namespace.
const SOCKETS: [libc::c_int; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// Programs for `bwrap --add-seccomp-fd`, as the kernel reads them.
pub(super) fn filters() -> Vec<Vec<u8>> {
    let unconditional = |calls: &[libc::c_long]| -> Rules {
        calls.iter().map(|call| (*call, Vec::new())).collect()
    };
    let mut refused = unconditional(REFUSED);
    refused.insert(libc::SYS_clone, vec![rule(vec![new_user_namespace()])]);
    let foreign = SOCKETS.iter().map(|family| is_not(*family)).collect();
    let sockets = Rules::from([(libc::SYS_socket, vec![rule(foreign)])]);
    let mut programs = vec![
        compile(refused, libc::EPERM),
        compile(unconditional(UNKNOWN), libc::ENOSYS),
        compile(sockets, libc::EAFNOSUPPORT),
    ];
    if cfg!(target_arch = "x86_64") {
        programs.push(no_x32());
    }
    programs.iter().map(|program| bytes(program)).collect()
}

fn new_user_namespace() -> SeccompCondition {
    let flag = libc::CLONE_NEWUSER as u64;
    SeccompCondition::new(0, Width::Qword, Compare::MaskedEq(flag), flag)
        .expect("argument 0 exists")
}

fn is_not(family: libc::c_int) -> SeccompCondition {
    SeccompCondition::new(0, Width::Dword, Compare::Ne, family as u64).expect("argument 0 exists")
}

/// All conditions together.
fn rule(conditions: Vec<SeccompCondition>) -> SeccompRule {
    SeccompRule::new(conditions).expect("there are conditions")
}

fn compile(rules: Rules, errno: libc::c_int) -> BpfProgram {
    let architecture = std::env::consts::ARCH
        .try_into()
        .expect("OpZest is built for processors that seccompiler knows");
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno as u32),
        architecture,
    )
    .and_then(BpfProgram::try_from)
    .expect("the rules are constants")
}

/// The second set of numbers that x86-64 kernels may have for the same calls would pass by the filters above.
fn no_x32() -> BpfProgram {
    const X32_BIT: u32 = 0x4000_0000;
    let instruction = |code: u32, jt, jf, k| sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    vec![
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32_BIT),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
        ),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn bytes(program: &[sock_filter]) -> Vec<u8> {
    let one = |filter: &sock_filter| {
        let [a, b] = filter.code.to_ne_bytes();
        let [c, d, e, f] = filter.k.to_ne_bytes();
        [a, b, filter.jt, filter.jf, c, d, e, f]
    };
    program.iter().flat_map(one).collect()
}
