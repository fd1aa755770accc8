namespace Nanodet.Serverless.Cli.Tests.Commands;

/// <summary>Whose models <c>publish</c>, <c>models</c> and <c>rollback</c> are about.</summary>
public sealed class ModelCommandsTests
{
    [Theory]
    [InlineData("--account: expected the name of a storage account", "models", "--account", "Not_An_Account")]
    [InlineData("--account: expected the name of a storage account", "rollback", "--account", "http://account.blob.core.windows.net")]
    [InlineData("--client-id: only with --account", "models", "--client-id", "11111111-2222-3333-4444-555555555555")]
    [InlineData("--server: 'models' works on the app's storage", "models", "--server", "http://127.0.0.1:9")]
    [InlineData("--server: 'rollback' works on the app's storage", "rollback", "--server", "http://127.0.0.1:9")]
    [InlineData("--server: 'publish' works on the app's storage", "publish", "--model", "m.onnx", "--server", "http://127.0.0.1:9")]
    [InlineData("--server: 'doctor' works on the app's storage", "doctor", "--server", "http://127.0.0.1:9")]
    [InlineData("--account: 'submit' asks the app itself", "submit", "--account", "someaccount")]
    [InlineData("--server and --account name different things", "failures", "job", "--account", "someaccount", "--server", "http://127.0.0.1:9")]
    [InlineData("--account: 'jobs' asks the app itself", "jobs", "--account", "someaccount")]
    [InlineData("--account: 'job' asks the app itself", "job", "job", "--account", "someaccount")]
    [InlineData("--account: 'cancel' asks the app itself", "cancel", "job", "--account", "someaccount")]
    [InlineData("--account: 'retry' asks the app itself", "retry", "job", "--account", "someaccount")]
    [InlineData("--account: 'watch' asks the app itself", "watch", "job", "--account", "someaccount")]
    [InlineData("--data and --server name different things", "submit", "--data", "here", "--server", "http://127.0.0.1:9")]
    [InlineData("--data and --account name different things", "models", "--data", "here", "--account", "someaccount")]
    [InlineData("--data: only with --storage", "detect", "--model", "m.onnx", "--input", "a", "--output", "b", "--data", "here")]
    [InlineData("--key: only with --server", "submit", "--key", "secret")]
    public async Task Target_ThatTheCommandCannotServe_IsWrongUsage(string expected, params string[] arguments)
    {
        var run = await Cli.RunAsync(arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }
}
