namespace Nanodet.Serverless.Cli.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Doctor_ThisMachine_RunsOnCpuAndExplainsTheRest()
    {
        var answer = await Cli.JsonAsync("doctor");
        var providers = answer.GetProperty("providers").EnumerateArray().ToDictionary(provider => provider.GetProperty("name").GetString()!);
        Assert.True(providers["CPU"].GetProperty("usable").GetBoolean());
        Assert.All(
            providers.Values.Where(provider => !provider.GetProperty("usable").GetBoolean()),
            provider => Assert.NotEmpty(provider.GetProperty("problem").GetString()!));
        Assert.StartsWith("1.31.", answer.GetProperty("onnxRuntime").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("v", answer.GetProperty("node").GetString(), StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessorCount, answer.GetProperty("processors").GetInt32());
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("export", "--help")]
    [InlineData("detect", "--help")]
    [InlineData("--version")]
    public async Task Help_AnyCommand_Succeeds(params string[] arguments)
    {
        var run = await Cli.RunAsync(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.NotEmpty(run.Output);
    }

    [Theory]
    [InlineData("launch")]
    [InlineData("detect", "--model")]
    [InlineData("doctor", "--colour")]
    public async Task Anything_Unknown_IsWrongUsage(params string[] arguments)
    {
        var run = await Cli.RunAsync(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("usage: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }
}
