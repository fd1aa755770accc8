namespace Nanodet.Serverless.Cli.Tests.Commands;

/// <summary>Whose models <c>publish</c>, <c>models</c> and <c>rollback</c> are about.</summary>
public sealed class ModelCommandsTests
{
    [Theory]
    [InlineData("--account: expected the name of a storage account", "models", "--account", "Not_An_Account")]
    [InlineData("--account: expected the name of a storage account", "rollback", "--account", "http://account.blob.core.windows.net")]
    [InlineData("--client-id: only with --account", "models", "--client-id", "11111111-2222-3333-4444-555555555555")]
    public async Task Account_ThatIsNone_IsWrongUsage(string expected, params string[] arguments)
    {
        var run = await Cli.RunAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }
}
