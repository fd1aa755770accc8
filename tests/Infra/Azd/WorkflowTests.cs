using YamlDotNet.RepresentationModel;

namespace Nanodet.Serverless.Infra.Tests.Azd;

public sealed class WorkflowTests
{
    public static TheoryData<string> Files { get; } =
        [.. Directory.EnumerateFiles(Repository.PathOf(".github", "workflows"), "*.yml").Select(path => Path.GetFileName(path)).Order()];

    [Fact]
    public void Workflows_OfTheRepository_BuildTestAndCheck() =>
        Assert.Equal(["bicep.yml", "ci.yml", "image.yml"], Files.Select(file => file.Data).Order());

    [Theory]
    [MemberData(nameof(Files))]
    public void Workflow_Parsed_PinsItsActionsAndHasFewRights(string file)
    {
        var workflow = YamlFile.Read(".github", "workflows", file);

        Assert.Equal("read", workflow.Text("permissions", "contents"));
        foreach (var job in Assert.IsType<YamlMappingNode>(workflow.At("jobs")).Children.Values)
        {
            Assert.Equal("ubuntu-24.04", job.Text("runs-on"));
            Assert.True(int.Parse(job.Text("timeout-minutes"), null) <= 60);
            foreach (var step in Assert.IsType<YamlSequenceNode>(job.At("steps")).Cast<YamlMappingNode>())
            {
                var uses = step.Children.TryGetValue("uses", out var action);
                Assert.NotEqual(uses, step.Children.ContainsKey("run"));
                if (uses)
                {
                    Assert.Matches("^[a-z-]+/[a-z-]+@[0-9a-f]{40}$", action!.ToString());
                }
            }
        }
    }

    /// <summary>A tag can be moved to other code, a commit cannot; the comment says which release the commit is.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Workflow_EachAction_NamesItsRelease(string file)
    {
        var lines = File.ReadAllLines(Repository.PathOf(".github", "workflows", file)).Where(line => line.Contains("uses:", StringComparison.Ordinal));

        Assert.All(lines, line => Assert.Matches(@"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line));
    }

    [Fact]
    public void Bicep_Paths_AreThere()
    {
        var paths = Assert.IsType<YamlSequenceNode>(YamlFile.Read(".github", "workflows", "bicep.yml").At("on", "push", "paths"))
            .Select(path => path.ToString().Split("**")[0].TrimEnd('/'));

        Assert.All(paths, path => Assert.True(Path.Exists(Repository.PathOf(path)), path));
    }
}
