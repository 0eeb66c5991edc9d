/** Volumes of core/v1 pods. Drivers that Kubernetes has retired are kept as they come. Notation: `parse-types.ts`. */
export const VOLUME_TYPES = `
Volume: 1 name!+ Label; 2 ... VolumeSource
VolumeSource: 1 hostPath HostPathVolumeSource; 2 emptyDir EmptyDirVolumeSource; 3 gcePersistentDisk any;
  4 awsElasticBlockStore any; 5 gitRepo any; 6 secret SecretVolumeSource; 7 nfs NFSVolumeSource;
  8 iscsi any; 9 glusterfs any; 10 persistentVolumeClaim PersistentVolumeClaimVolumeSource; 11 rbd any;
  12 flexVolume any; 13 cinder any; 14 cephfs any; 15 flocker any; 16 downwardAPI DownwardAPIVolumeSource;
  17 fc any; 18 azureFile any; 19 configMap ConfigMapVolumeSource; 20 vsphereVolume any; 21 quobyte any;
  22 azureDisk any; 23 photonPersistentDisk any; 26 projected ProjectedVolumeSource; 24 portworxVolume any;
  25 scaleIO any; 27 storageos any; 28 csi CSIVolumeSource; 29 ephemeral EphemeralVolumeSource;
  30 image ImageVolumeSource
HostPathVolumeSource: 1 path!+ string;
  2 type* string(|DirectoryOrCreate|Directory|FileOrCreate|File|Socket|CharDevice|BlockDevice)=""
EmptyDirVolumeSource: 1 medium string; 2 sizeLimit* Quantity
SecretVolumeSource: 1 secretName string; 2 items []KeyToPath; 3 defaultMode* int32=420; 4 optional* bool
NFSVolumeSource: 1 server+ string; 2 path+ string; 3 readOnly bool
PersistentVolumeClaimVolumeSource: 1 claimName!+ string; 2 readOnly bool
DownwardAPIVolumeSource: 1 items []DownwardAPIVolumeFile; 2 defaultMode* int32=420
ConfigMapVolumeSource: 1 ... LocalObjectReference; 2 items []KeyToPath; 3 defaultMode* int32=420;
  4 optional* bool
ProjectedVolumeSource: 1 sources* []VolumeProjection; 2 defaultMode* int32=420
CSIVolumeSource: 1 driver+ string; 2 readOnly* bool; 3 fsType* string; 4 volumeAttributes map[string];
  5 nodePublishSecretRef LocalObjectReference
EphemeralVolumeSource: 1 volumeClaimTemplate PersistentVolumeClaimTemplate
ImageVolumeSource: 1 reference string; 2 pullPolicy string(Always|Never|IfNotPresent)
KeyToPath: 1 key!+ string; 2 path!+ string; 3 mode* int32
DownwardAPIVolumeFile: 1 path+ string; 2 fieldRef ObjectFieldSelector;
  3 resourceFieldRef ResourceFieldSelector; 4 mode* int32
LocalObjectReference atomic: 1 name string
VolumeProjection: 1 secret SecretProjection; 2 downwardAPI DownwardAPIProjection;
  3 configMap ConfigMapProjection; 4 serviceAccountToken ServiceAccountTokenProjection;
  5 clusterTrustBundle ClusterTrustBundleProjection; 6 podCertificate PodCertificateProjection
PersistentVolumeClaimTemplate: 1 metadata+ ObjectMeta; 2 spec+ PersistentVolumeClaimSpec
ObjectFieldSelector atomic: 1 apiVersion string="v1"; 2 fieldPath!+ string
ResourceFieldSelector atomic: 1 containerName string; 2 resource!+ string; 3 divisor+ Quantity
SecretProjection: 1 ... LocalObjectReference; 2 items []KeyToPath; 4 optional* bool
DownwardAPIProjection: 1 items []DownwardAPIVolumeFile
ConfigMapProjection: 1 ... LocalObjectReference; 2 items []KeyToPath; 4 optional* bool
ServiceAccountTokenProjection: 1 audience string; 2 expirationSeconds* int64=3600; 3 path+ string
ClusterTrustBundleProjection: 1 name* string; 2 signerName* string; 3 labelSelector LabelSelector;
  5 optional* bool; 4 path+ string
PodCertificateProjection: 1 signerName string; 2 keyType string; 3 maxExpirationSeconds* int32;
  4 credentialBundlePath string; 5 keyPath string; 6 certificateChainPath string;
  7 userAnnotations map[string]
PersistentVolumeClaimSpec:
  1 accessModes! []string(ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod);
  4 selector LabelSelector; 2 resources+ VolumeResourceRequirements; 3 volumeName string;
  5 storageClassName* string; 6 volumeMode* string(Block|Filesystem)="Filesystem";
  7 dataSource TypedLocalObjectReference; 8 dataSourceRef TypedObjectReference;
  9 volumeAttributesClassName* string
VolumeResourceRequirements: 1 limits map[Quantity]; 2 requests map[Quantity]
TypedLocalObjectReference atomic: 1 apiGroup* string; 2 kind+ string; 3 name+ string
TypedObjectReference: 1 apiGroup* string; 2 kind+ string; 3 name+ string; 4 namespace* string
`;
