using System.Text.RegularExpressions;
using Nanodet.Serverless.Infra.Tests.Bicep;
using YamlDotNet.RepresentationModel;

namespace Nanodet.Serverless.Infra.Tests.Azd;

public sealed class AzureYamlTests
{
    private static readonly YamlMappingNode Azd = YamlFile.Read("azure.yaml");

    [Fact]
    public void Infra_OfAzd_IsTheTemplate()
    {
        var template = Path.Combine(Repository.PathOf(Azd.Text("infra", "path")), Azd.Text("infra", "module"));

        Assert.Equal(Template.Main, Path.GetFullPath($"{template}.bicep"));
        Assert.True(File.Exists($"{template}.parameters.json"));
    }

    [Fact]
    public async Task Services_OfAzd_AreTheAppsTaggedForThem()
    {
        var services = Assert.IsType<YamlMappingNode>(Azd.At("services")).Children;
        var service = Assert.Single(services);

        Assert.Equal("containerapp", service.Value.Text("host"));
        Assert.True(File.Exists(Repository.PathOf(service.Value.Text("docker", "path"))));
        foreach (var topology in new[] { "split", "single" })
        {
            var tagged = (await Template.EvaluateAsync("gpu-t4", topology)).Apps
                .Where(app => app.GetProperty("tags").TryGetProperty("azd-service-name", out var name) && name.GetString() == service.Key.ToString());
            Assert.Single(tagged);
        }
    }

    [Theory]
    [InlineData("preprovision", "infra/preflight")]
    [InlineData("postprovision", "infra/hooks/postprovision")]
    [InlineData("postdeploy", "infra/hooks/postdeploy")]
    [InlineData("predown", "infra/hooks/predown")]
    [InlineData("postdown", "infra/hooks/postdown")]
    public void Hooks_OfAzd_AreThereForBothKindsOfSystem(string hook, string script)
    {
        var (posix, windows) = (Azd.At("hooks", hook, "posix"), Azd.At("hooks", hook, "windows"));

        Assert.Equal(("sh", $"{script}.sh"), (posix.Text("shell"), posix.Text("run")));
        Assert.Equal(("pwsh", $"{script}.ps1"), (windows.Text("shell"), windows.Text("run")));
        Assert.All([".sh", ".ps1"], ending => Assert.True(File.Exists(Repository.PathOf(script + ending)), script + ending));
    }

    /// <summary>What the preflight asks for is what azd itself asks for.</summary>
    [Fact]
    public void RequiredVersion_OfAzd_IsThePreflights()
    {
        var version = Azd.Text("requiredVersions", "azd").Split(' ')[^1];

        Assert.Contains($"\"$(version_of azd version)\" {version} ", Script("preflight.sh"), StringComparison.Ordinal);
        Assert.Contains($"Test-Tool azd $azdVersion '{version}'", Script("preflight.ps1"), StringComparison.Ordinal);

        static string Script(string name) => File.ReadAllText(Repository.PathOf("infra", name));
    }

    /// <summary>Both say the same: whoever mends one of the two has to mend the other.</summary>
    [Fact]
    public void Scripts_ForBothKindsOfSystem_ReadTheSameSettings()
    {
        var scripts = Directory.EnumerateFiles(Repository.PathOf("infra"), "*.sh", SearchOption.AllDirectories)
            .Select(path => Path.ChangeExtension(path, null)).ToArray();

        Assert.True(scripts.Length >= 7);

        Assert.All(scripts, script => Assert.Equal(Names($"{script}.sh"), Names($"{script}.ps1")));

        static IEnumerable<string> Names(string script) =>
            Regex.Matches(File.ReadAllText(Repository.PathOf(script)), "(NANODET|AZURE|SERVICE)_[A-Z_]*[A-Z]")
                .Select(match => match.Value).Distinct().Order();
    }
}
