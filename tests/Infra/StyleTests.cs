using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Infra.Tests;

/// <summary>Rules of style that no analyzer of the build knows.</summary>
public sealed partial class StyleTests
{
    [Fact]
    public void CaughtExceptions_AreCalledException()
    {
        var files = Sources();

        Assert.InRange(files.Length, 300, 2000);
        Assert.Empty(
            from file in files
            from match in Caught().Matches(File.ReadAllText(file))
            where match.Groups[1].Value != "exception"
            select $"{Path.GetFileName(file)}: {match.Value}");
    }

    [Fact]
    public void Lines_HaveAtMost140Columns() => Assert.Empty(
        from file in Sources()
        from line in File.ReadLines(file).Index()
        where IsTooLong(line.Item)
        select $"{Path.GetFileName(file)}:{line.Index + 1}: {line.Item.Length} columns");

    [Theory]
    [InlineData(140, "x", false)]
    [InlineData(141, "x", true)]
    [InlineData(141, "\"x\"", false)]
    public void Lines_ThatAreTooLong_AreSeen(int length, string what, bool isTooLong)
    {
        // One literal that cannot be broken may be longer: data, a pattern, a text whose holes belong together.
        var line = what == "x" ? new string('x', length) : $"\"{new string('x', length - 2)}\"";

        Assert.Equal(isTooLong, IsTooLong(line));
    }

    [Theory]
    [InlineData("catch (IOException e)", "e")]
    [InlineData("catch (Azure.RequestFailedException exception)", "exception")]
    public void CaughtExceptions_AreSeen(string code, string name) => Assert.Equal(name, Caught().Match(code).Groups[1].Value);

    private static string[] Sources() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")),
    ];

    private static bool IsTooLong(string line) => line.Length > 140 && Literal().Replace(line, string.Empty).Length > 70;

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"catch \([\w.]+ (\w+)\)")]
    private static partial Regex Caught();
}
