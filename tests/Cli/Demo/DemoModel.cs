namespace Nanodet.Serverless.Cli.Tests.Demo;

/// <summary>The demo's trained model, made once per run of this assembly the way a user makes it.</summary>
public sealed class DemoModel : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The installed npm package.</summary>
    public static string Package { get; } = System.IO.Path.Combine(Repository.Root, "models", "demo", "node_modules", "@vladmandic", "human");

    /// <summary>The package's sample photos.</summary>
    public static string Photos { get; } = System.IO.Path.Combine(Package, "assets");

    /// <summary>The checkpoint.</summary>
    public string Checkpoint => _folder.File("nanodet-g.pth");

    /// <summary>Its config.</summary>
    public string Config => _folder.File("nanodet-g.yml");

    /// <summary>The exported model.</summary>
    public string Onnx => _folder.File("nanodet-g.onnx");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Assert.True(Directory.Exists(Package), $"The demo's package is not installed at {Package}: ./test.sh installs it, or npm ci in models/demo.");
        await Cli.JsonAsync("demo-model", "--package", Package, "--output", _folder.Path);
        await Cli.JsonAsync("export", "--config", Config, "--checkpoint", Checkpoint, "--output", Onnx);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
