// Groups of values that belong together, and what may be chosen.

@export()
@description('What runs the model.')
type hostingKind = 'gpu-t4' | 'gpu-a100' | 'cpu'

@export()
@description('How many apps there are.')
type topologyKind = 'split' | 'single'

@export()
@description('Where orchestrations are kept.')
type orchestrationStoreKind = 'storage' | 'scheduler'

@export()
@description('Storage redundancy.')
type redundancy = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GZRS' | 'Standard_RAGZRS'

@export()
@description('Registry tier.')
type registryTier = 'Basic' | 'Standard' | 'Premium'

@export()
@description('Where a replica runs, and with what.')
@sealed()
type place = {
  @description('Workload profile of the environment.')
  profileName: string

  @description('Cores, such as 4.0.')
  cpu: string

  @description('Memory, such as 8Gi.')
  memory: string
}

@export()
@description('How many replicas there are, and when.')
@sealed()
type scaling = {
  @minValue(0)
  minReplicas: int

  @minValue(1)
  maxReplicas: int

  @description('What makes more of them; none leaves their number at the least.')
  rules: object[]

  @description('Seconds that a replica gets to finish what it has in hand.')
  @minValue(0)
  @maxValue(600)
  graceSeconds: int
}

@export()
@description('A setting whose value stays in a Key Vault.')
@sealed()
type vaultSetting = {
  @description('Name of the setting.')
  setting: string

  @description('Name of the reference in the app: lower-case letters, digits, hyphens.')
  reference: string

  @description('Address of the vault\'s entry.')
  url: string
}
