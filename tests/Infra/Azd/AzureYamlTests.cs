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
    [InlineData("postprovision")]
    [InlineData("postdeploy")]
    public void Hooks_OfAzd_AreThere(string hook) => Assert.True(File.Exists(Repository.PathOf(Azd.Text("hooks", hook, "run"))));
}
