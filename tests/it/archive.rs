//! What the audit log has sealed is laid down as files that stand on their own.

use audit::{ArchiveRequested, Stretch};
use kernel::{ClinicId, Id as _, Job as _};
use platform::{Platform, inside::FolderFiles};
use testkit::House;

#[tokio::test]
async fn a_sealed_stretch_of_the_audit_log_is_one_file_of_its_clinic_however_often_it_is_archived() {
    let house = House::new(114).await;
    house.patient("Ann").with_text("+12125550110").who_agreed().await;
    house.until("2026-06-08T14:20:00Z").await;
    let clinic = house.table.clinic();
    let sealed = audit::stretch(&house.table, 1).await.unwrap().expect("the log has been sealed");
    assert_eq!(sealed.seal.entries, sealed.entries.len() as u64);

    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::new(folder.path(), "http://localhost".to_owned());
    let platform = Platform { files: std::sync::Arc::new(files), ..house.platform.clone() };
    let work = imports::Work::on(&platform);
    let wanted = ArchiveRequested { clinic, seal: 1 }.raw();
    let foreign = ArchiveRequested { clinic: ClinicId::derived(&["another"]), seal: 1 }.raw();
    for worked in work.run(vec![wanted.clone(), wanted, foreign]).await {
        worked.unwrap();
    }
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("audit")).unwrap().flatten().collect();
    assert_eq!(kept.len(), 1, "only the clinic that has such a seal");
    let size = platform.files.size(&sealed.file(clinic)).await.unwrap();
    let bytes = platform.files.read(&sealed.file(clinic), 0, size).await.unwrap();
    assert_eq!(serde_json::from_slice::<Stretch>(&bytes).unwrap(), sealed);
}
