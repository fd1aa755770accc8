// A sign-in with Microsoft Entra ID before an app: whoever is not signed in reaches its health and nothing else. It holds no secret: the
// registration issues ID tokens. The Functions host asks for a function key all the same.

param appName string

@description('Client id of the app registration. Its redirect address is https://HOST/.auth/login/aad/callback.')
param clientId string

resource app 'Microsoft.App/containerApps@2026-01-01' existing = { name: appName }

resource signIn 'Microsoft.App/containerApps/authConfigs@2026-01-01' = {
  parent: app
  name: 'current'
  properties: {
    platform: { enabled: true }
    globalValidation: {
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: ['/api/health']
    }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: [clientId, 'api://${clientId}'] }
      }
    }
  }
}
