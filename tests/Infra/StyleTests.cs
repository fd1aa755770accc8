using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Infra.Tests;

/// <summary>Rules of style that no analyzer of the build knows.</summary>
public sealed partial class StyleTests
{
    [Fact]
    public void CaughtExceptions_AreCalledException()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .ToArray();

        Assert.InRange(files.Length, 300, 2000);
        Assert.Empty(
            from file in files
            from match in Caught().Matches(File.ReadAllText(file))
            where match.Groups[1].Value != "exception"
            select $"{Path.GetFileName(file)}: {match.Value}");
    }

    [Theory]
    [InlineData("catch (IOException e)", "e")]
    [InlineData("catch (Azure.RequestFailedException exception)", "exception")]
    public void CaughtExceptions_AreSeen(string code, string name) => Assert.Equal(name, Caught().Match(code).Groups[1].Value);

    [GeneratedRegex(@"catch \([\w.]+ (\w+)\)")]
    private static partial Regex Caught();
}
