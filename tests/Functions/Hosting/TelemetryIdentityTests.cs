using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Nanodet.Serverless.Functions.Hosting;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

public sealed class TelemetryIdentityTests
{
    [Theory]
    [InlineData("Authorization=AAD")]
    [InlineData("ClientId=11111111-2222-3333-4444-555555555555;Authorization=AAD")]
    [InlineData("authorization=aad; clientid=11111111-2222-3333-4444-555555555555;")]
    public void Read_Identity_IsAManagedOne(string text) => Assert.IsType<ManagedIdentityCredential>(TelemetryIdentity.Read(Settings(text)));

    [Theory]
    [InlineData(null)]
    [InlineData("  ")]
    public void Read_Nothing_IsNobody(string? text) => Assert.Null(TelemetryIdentity.Read(Settings(text)));

    [Theory]
    [InlineData("AAD")]
    [InlineData("Authorization=Key")]
    [InlineData("ClientId=;Authorization=AAD")]
    [InlineData("ClientId=11111111-2222-3333-4444-555555555555")]
    [InlineData("Authorization=AAD;TenantId=x")]
    public void Read_AnotherText_IsNamedWithoutItsContent(string text)
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => TelemetryIdentity.Read(Settings(text)));

        Assert.StartsWith("APPLICATIONINSIGHTS_AUTHENTICATION_STRING: expected 'Authorization=AAD'", refusal.Message, StringComparison.Ordinal);
    }

    private static IConfigurationRoot Settings(string? text) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(TelemetryIdentity.Setting, text)]).Build();
}
