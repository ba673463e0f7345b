use crate::support::*;
#[tokio::test]
async fn smoke() {
    let t = std::time::Instant::now();
    let sandbox = sandbox().await;
    eprintln!("{sandbox:?} {:?}", t.elapsed());
    let r = run("import os,sys\nprint(os.listdir('/'), os.getuid(), os.listdir('/proc/self/fd'), os.environ)\nopen('a.txt','w').write('hi')\nos.symlink('/etc/passwd','l')\nimport resource\nfor n in ('CPU','DATA','AS','NPROC','NOFILE','FSIZE','CORE'): print(n, resource.getrlimit(getattr(resource,'RLIMIT_'+n)))\nprint(open('/proc/self/status').read())\nprint(open('/proc/1/cmdline').read())\nsys.exit(3)").await;
    eprintln!("{}\n{}\n{:?}", r.stdout, r.stderr, r);
    eprintln!("{:?}", r.error_text());
}
