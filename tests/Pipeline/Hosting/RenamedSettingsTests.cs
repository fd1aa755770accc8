using Microsoft.Extensions.Configuration;
using Nanodet.Serverless.Pipeline.Hosting;

namespace Nanodet.Serverless.Pipeline.Tests.Hosting;

/// <summary>Settings of the release before.</summary>
public sealed class RenamedSettingsTests
{
    [Theory]
    [InlineData("Nanodet:Batch:MaxSize", "Nanodet:Grouping:BatchSize")]
    [InlineData("Nanodet:Batch:WaitLimit", "Nanodet:Orchestrations:BatchWait")]
    [InlineData("Nanodet:Batcher:MaxBatchSize", "Nanodet:Batching:MaxRunSize")]
    [InlineData("Nanodet:Detector:MaxBatchSize", "Nanodet:Detector:MaxRunSize")]
    public void Accept_OldName_CountsUnderTheNewOneAndIsNamed(string old, string current)
    {
        using var configuration = Configuration((old, "3"));

        var line = Assert.Single(RenamedSettings.Accept(configuration));

        Assert.Equal("3", configuration[current]);
        Assert.Contains($"'{old}' is now called '{current}'", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Accept_BothNames_TheNewOneCounts()
    {
        using var configuration = Configuration(("Nanodet:Batch:MaxSize", "3"), ("Nanodet:Grouping:BatchSize", "4"));

        var line = Assert.Single(RenamedSettings.Accept(configuration));

        Assert.Equal("4", configuration["Nanodet:Grouping:BatchSize"]);
        Assert.EndsWith("is ignored. Remove it.", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Accept_NameThatIsGone_IsNamed()
    {
        using var configuration = Configuration(("Nanodet:Reconcile:Concurrency", "3"));

        Assert.Equal(["Setting 'Nanodet:Reconcile:Concurrency' is gone and ignored. Remove it."], RenamedSettings.Accept(configuration));
    }

    [Fact]
    public void Accept_NoOldName_SaysNothing()
    {
        using var configuration = Configuration(("Nanodet:Grouping:BatchSize", "4"));

        Assert.Empty(RenamedSettings.Accept(configuration));
    }

    private static ConfigurationManager Configuration(params IEnumerable<(string Key, string Value)> settings)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        return configuration;
    }
}
