using Nanodet.Serverless.Cli.Viewing;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>What <c>nanodet view</c> takes.</summary>
public sealed class ViewCommandTests
{
    [Theory]
    [InlineData("expected a folder")]
    [InlineData("give one of them", "results", "--job", "a")]
    [InlineData("only with --job", "results", "--data", ".nanodet")]
    [InlineData("in storage", "--job", "a", "--images", "photos")]
    [InlineData("--port", "results", "--port", "70000")]
    public void Parse_OptionsThatContradict_SaysWhy(string problem, params string[] arguments) =>
        Assert.Contains(problem, Assert.Single(ViewCommand.Create().Parse(arguments).Errors).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("results")]
    [InlineData("results", "--images", "photos", "--port", "0", "--json")]
    [InlineData("results", "--compare", "other")]
    [InlineData("--job", "20260101-000000-abcdef", "--compare", "20260102-000000-abcdef")]
    [InlineData("--job", "20260101-000000-abcdef", "--data", ".nanodet")]
    [InlineData("--job", "20260101-000000-abcdef", "--account", "myaccount")]
    public void Parse_FolderOrJob_IsUnderstood(params string[] arguments) => Assert.Empty(ViewCommand.Create().Parse(arguments).Errors);
}
