// One user-assigned identity for each that acts: a role gets no right that only another needs.

param location string
param tags object
param names array

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = [
  for name in names: {
    name: name
    location: location
    tags: tags
  }
]
