using Microsoft.Extensions.Configuration;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Functions.Tests.Orchestration;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

/// <summary>A host without a name starts no orchestration; the app says so before the first one fails.</summary>
public sealed class HostNameCheckTests
{
    [Theory]
    [InlineData("All", null, true)]
    [InlineData("Coordinator", " ", true)]
    [InlineData("Coordinator", "localhost:8080", false)]
    [InlineData("Worker", null, false)]
    public async Task Start_WithoutAHostName_IsNamedWhereOrchestrationsStart(string role, string? name, bool isNamed)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("WEBSITE_HOSTNAME", name)]).Build();
        var log = new LogLines<HostNameCheck>();

        await new HostNameCheck(new AppIdentity(Enum.Parse<AppRole>(role)), configuration, log).StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(isNamed ? 1 : 0, log.Lines.Count(line => line.Contains("WEBSITE_HOSTNAME is not set", StringComparison.Ordinal)));
        Assert.Equal(isNamed ? 1 : 0, log.Lines.Count);
    }
}
