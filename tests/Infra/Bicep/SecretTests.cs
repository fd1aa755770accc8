using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>There is no secret: none is asked for, none is stored, none comes out.</summary>
public sealed partial class SecretTests
{
    [Fact]
    public async Task Template_Compiled_AsksForNoKey()
    {
        var run = await Template.CompileAsync();

        Assert.DoesNotMatch(KeyFunction(), run.Template);
        Assert.DoesNotContain("secureString", run.Template, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Account_Deployed_TakesNoKeyAndShowsNoBlob()
    {
        var account = (await Template.EvaluateAsync("gpu-t4", "split")).OfType("Microsoft.Storage/storageAccounts").Single();
        var properties = account.GetProperty("properties");

        Assert.False(properties.GetProperty("allowSharedKeyAccess").GetBoolean());
        Assert.False(properties.GetProperty("allowBlobPublicAccess").GetBoolean());
        Assert.False(properties.GetProperty("allowCrossTenantReplication").GetBoolean());
        Assert.True(properties.GetProperty("defaultToOAuthAuthentication").GetBoolean());
        Assert.True(properties.GetProperty("supportsHttpsTrafficOnly").GetBoolean());
        Assert.Equal("TLS1_2", properties.GetProperty("minimumTlsVersion").GetString());
    }

    [Fact]
    public async Task OtherServices_Deployed_TakeTokensOnly()
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");

        Assert.True(snapshot.OfType("Microsoft.Insights/components").Single().GetProperty("properties").GetProperty("DisableLocalAuth").GetBoolean());
        Assert.True(snapshot.OfType("Microsoft.OperationalInsights/workspaces").Single()
            .GetProperty("properties").GetProperty("features").GetProperty("disableLocalAuth").GetBoolean());
        var registry = snapshot.OfType("Microsoft.ContainerRegistry/registries").Single().GetProperty("properties");
        Assert.False(registry.GetProperty("adminUserEnabled").GetBoolean());
        Assert.False(registry.GetProperty("anonymousPullEnabled").GetBoolean());
        Assert.All(snapshot.Apps, app =>
        {
            var configuration = app.GetProperty("properties").GetProperty("configuration");
            Assert.False(configuration.TryGetProperty("secrets", out _));
            Assert.False(configuration.GetProperty("ingress").GetProperty("allowInsecure").GetBoolean());
            Assert.All(configuration.GetProperty("registries").EnumerateArray(), item =>
            {
                Assert.Contains("/userAssignedIdentities/", item.GetProperty("identity").GetString(), StringComparison.Ordinal);
                Assert.False(item.TryGetProperty("passwordSecretRef", out _));
            });
        });
    }

    [Fact]
    public async Task Settings_EveryApp_HoldNamesAndAddressesOnly()
    {
        foreach (var snapshot in new[] { await Template.EvaluateFullAsync(), await Template.EvaluateAsync("cpu", "single") })
        {
            Assert.All(snapshot.Apps.SelectMany(DeploymentSnapshot.Settings), setting =>
            {
                Assert.DoesNotMatch(SecretText(), setting.Value);
                if (setting.Value.StartsWith('['))
                {
                    // What only Azure knows: which identity, and where telemetry goes.
                    Assert.Matches(@"\)\.(clientId|ConnectionString|endpoint)\)?(\)|\])+$|\.clientId\)\]$", setting.Value);
                }
            });
        }
    }

    /// <summary>The one value that is a secret stays in a Key Vault: the template has its address.</summary>
    [Fact]
    public async Task Webhook_ItsSecret_IsAReferenceOfTheCoordinatorsIdentity()
    {
        var app = (await Template.EvaluateFullAsync()).App("coordinator");
        var secret = Assert.Single(app.GetProperty("properties").GetProperty("configuration").GetProperty("secrets").EnumerateArray());

        Assert.Equal("https://vault.example/secrets/webhook", secret.GetProperty("keyVaultUrl").GetString());
        Assert.False(secret.TryGetProperty("value", out _));
        Assert.Equal(
            app.GetProperty("identity").GetProperty("userAssignedIdentities").EnumerateObject().Single().Name,
            secret.GetProperty("identity").GetString());
        var reference = Assert.Single(DeploymentSnapshot.References(app));
        Assert.Equal(("Nanodet__JobEnd__WebhookSecret", secret.GetProperty("name").GetString()), (reference.Key, reference.Value));
    }

    [Fact]
    public async Task Outputs_Deployment_AreNamesAndAddresses()
    {
        string[] expected =
        [
            "AZURE_CONTAINER_APPS_ENVIRONMENT_ID", "AZURE_CONTAINER_REGISTRY_ENDPOINT", "AZURE_CONTAINER_REGISTRY_NAME",
            "AZURE_RESOURCE_GROUP", "NANODET_APP_NAME", "NANODET_APP_URI", "NANODET_DETECTIONS_CONTAINER", "NANODET_HOST_ID",
            "NANODET_IMAGES_CONTAINER",
            "NANODET_MODELS_CONTAINER", "NANODET_STORAGE_ACCOUNT", "NANODET_WORKER_NAME",
        ];
        var outputs = (await Template.EvaluateFullAsync()).Outputs.EnumerateObject().ToArray();

        Assert.Equal(expected, outputs.Select(output => output.Name).Order());
        Assert.All(outputs, output => Assert.DoesNotMatch(SecretText(), JsonSerializer.Serialize(output.Value)));
    }

    /// <summary>azd forgets outputs when it deletes. What somebody has set is still there for the next deployment.</summary>
    [Fact]
    public async Task Outputs_Deployment_AreNoSettings()
    {
        var parameters = await File.ReadAllTextAsync(Path.Combine(Template.Folder, "main.parameters.json"), TestContext.Current.CancellationToken);
        var outputs = (await Template.EvaluateFullAsync()).Outputs.EnumerateObject().ToArray();

        Assert.True(outputs.Length > 5);
        Assert.DoesNotContain(outputs, output => Regex.IsMatch(parameters, $@"\$\{{{output.Name}[=}}]"));
    }

    [GeneratedRegex(@"\blist(Keys|AccountSas|ServiceSas|Secrets|Credentials|\w*Keys)\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex KeyFunction();

    [GeneratedRegex("AccountKey|SharedAccess|sig=|password|secret(?!s-)|listKeys|InstrumentationKey=", RegexOptions.IgnoreCase)]
    private static partial Regex SecretText();
}
