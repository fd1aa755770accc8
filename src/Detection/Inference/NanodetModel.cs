using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>
/// One NanoDet model, loaded once: an ONNX Runtime session, how its runs are made, and what is known about it. Any number of threads may
/// ask for runs. Disposing waits for none of them: the session goes with the last run and the last tensor.
/// </summary>
public sealed class NanodetModel : IDisposable
{
    /// <summary>The largest model file that is read, in bytes.</summary>
    public const long MaxFileBytes = 1L << 30;

    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(10);

    private readonly InferenceSession _session;
    private readonly IModelRuns _runs;
    private readonly Action _exit;
    private int _leases = 1;
    private int _disposed;

    private NanodetModel(
        InferenceSession session,
        IModelRuns runs,
        ModelDescription description,
        ProviderSelection provider,
        SessionBuilder builder,
        string sha256,
        ModelOptions options)
    {
        _session = session;
        _runs = runs;
        _exit = Exit;
        Description = description;
        Provider = provider;
        Optimization = builder.Optimization;
        OptimizedPath = builder.OptimizedPath;
        Sha256 = sha256;
        Version = options.Version ?? sha256[..12];
        UsesTf32 = options.Tf32 && provider.Name == ProviderSelection.Cuda;
        IsBatchFixed = session.InputMetadata[ModelSignature.InputName].Dimensions[0] == 1;
    }

    /// <summary>What the model is.</summary>
    public ModelDescription Description { get; }

    /// <summary>What the model runs on.</summary>
    public ProviderSelection Provider { get; }

    /// <summary>Which form of the model this is, and why this one serves; null for a model of one file.</summary>
    public FormChoice? Form { get; internal set; }

    /// <summary>
    /// Whether what the graph has in float32 is computed in TF32: asked for by <see cref="ModelOptions.Tf32"/>, and on CUDA.
    /// </summary>
    public bool UsesTf32 { get; }

    /// <summary>How its runs are made, and where its tensors lie.</summary>
    public RunMode Runs => _runs.Mode;

    /// <summary>
    /// The shapes that a model on a GPU is ready for now; more join while it serves. Empty where any shape is run as it comes.
    /// </summary>
    public IReadOnlyList<ShapeStatus> Shapes => _runs.Shapes;

    /// <summary>Told when <see cref="IsReady"/> may say something else.</summary>
    internal event Action? ReadyChanged
    {
        add => _runs.ReadyChanged += value;
        remove => _runs.ReadyChanged -= value;
    }

    /// <summary>How the model got its optimised graph.</summary>
    public ModelOptimization Optimization { get; }

    /// <summary>The optimised graph that the session was made from; null where it was made from the model file.</summary>
    internal string? OptimizedPath { get; }

    /// <summary>SHA-256 of the model file, 64 lower-case hex digits.</summary>
    public string Sha256 { get; }

    /// <summary>Version of the model in results.</summary>
    public string Version { get; }

    /// <summary>
    /// True when the model was disposed and its last run and tensor are gone: its session, and with it the memory, is gone.
    /// </summary>
    internal bool IsGone => Volatile.Read(ref _leases) == 0;

    /// <summary>True when the graph takes exactly one image at a time.</summary>
    public bool IsBatchFixed { get; }

    /// <summary>Loads a model file.</summary>
    /// <param name="path">
    /// An ONNX file; one that does not describe itself needs its NanoDet config, see <see cref="ModelOptions.ConfigPath"/>.
    /// </param>
    /// <param name="options">How to load; null for the defaults.</param>
    /// <returns>The model, not yet verified: see <see cref="ParityFixture.Verify"/>.</returns>
    /// <exception cref="ModelLoadException">The model cannot be served; see <see cref="ModelErrorCodes"/>.</exception>
    /// <exception cref="EnvironmentException">ONNX Runtime's library cannot be used, or there is too little memory.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static NanodetModel Load(string path, ModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelLoadException(ModelErrorCodes.NotFound, $"Expected a model file at {path}, found none.");
        }

        if (file.Length > MaxFileBytes)
        {
            throw new ModelLoadException(
                ModelErrorCodes.NotAnOnnxModel,
                $"{file.Name}: expected at most {MaxFileBytes} bytes, found {file.Length}.");
        }

        var name = Path.GetFileNameWithoutExtension(path);
        var config = options?.ConfigPath ?? ForeignModelConfig.FindBeside(path);
        return Load(
            File.ReadAllBytes(path),
            options ?? new ModelOptions(),
            () => config is null ? null : ForeignModelConfig.ReadFile(config, name));
    }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="options">How to load; null for the defaults.</param>
    /// <param name="name">The name of a foreign model; one that describes itself has its own.</param>
    /// <returns>The model, not yet verified: see <see cref="ParityFixture.Verify"/>.</returns>
    /// <exception cref="ModelLoadException">The model cannot be served; see <see cref="ModelErrorCodes"/>.</exception>
    /// <exception cref="EnvironmentException">ONNX Runtime's library cannot be used, or there is too little memory.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static NanodetModel Load(byte[] model, ModelOptions? options = null, string name = "model")
    {
        ArgumentNullException.ThrowIfNull(model);
        return Load(
            model,
            options ?? new ModelOptions(),
            () => options?.ConfigPath is { } config ? ForeignModelConfig.ReadFile(config, name) : null);
    }

    /// <summary>
    /// Loads the form of a model that fits this machine and <see cref="ModelOptions.Precision"/>, where its file has a list of forms beside
    /// it (<see cref="FormManifest"/>); else the file itself. A CPU that may choose between float32 and int8 runs both for about a second,
    /// and keeps the faster one; <see cref="Form"/> says so.
    /// </summary>
    /// <param name="path">The model's ONNX file, which is the form <see cref="ModelForm.CpuFloat32"/>.</param>
    /// <param name="options">How to load; null for the defaults.</param>
    /// <param name="cancellationToken">Looked at between the rounds of the measurement.</param>
    /// <returns>The model, not yet verified: see <see cref="ParityFixture.Verify"/>.</returns>
    /// <exception cref="ModelLoadException">The model cannot be served, or a form's file is not the one that the list names.</exception>
    /// <exception cref="EnvironmentException">ONNX Runtime's library cannot be used, or there is too little memory.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static NanodetModel LoadBest(string path, ModelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelOptions();
        if (!File.Exists(path) || FormManifest.FindBeside(path) is not { } manifest)
        {
            return Load(path, options);
        }

        // All forms of a set have one version, and so have their results.
        options = options with { Version = options.Version ?? manifest.Version };
        return new FormLoader(
            manifest,
            options,
            (form, how, fallbackReason) => LoadForm(manifest, path, form, how, fallbackReason),
            TimeProvider.System).Load(cancellationToken);
    }

    /// <summary>Makes ready, in the background, whatever many requests are going to ask for.</summary>
    internal void Prepare() => _runs.Prepare();

    /// <summary>Waits until nothing is being made ready in the background: a measurement before that measures something else.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Settle(CancellationToken cancellationToken)
    {
        while (!_runs.IsSettled)
        {
            _ = cancellationToken.WaitHandle.WaitOne(SettlePause);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// Measures what runs of <see cref="Shapes"/> take again, for longer than when they were made ready; call <see cref="Settle"/> before.
    /// </summary>
    /// <param name="atLeast">How long each is measured.</param>
    /// <exception cref="OnnxRuntimeException">A run failed.</exception>
    public void MeasureShapes(TimeSpan atLeast) => _runs.MeasureShapes(atLeast);

    /// <summary>Whether a run of a shape begins without making something ready first; where it does not, that is begun now.</summary>
    internal bool IsReady(int height, int width) => _runs.IsReady(height, width);

    /// <summary>A tensor for a run, in the memory that the run reads it from. It keeps the session alive until it is disposed.</summary>
    /// <param name="capacity">The most images.</param>
    /// <param name="height">Rows, in pixels.</param>
    /// <param name="width">Columns, in pixels.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OnnxRuntimeException">There is not enough memory.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    internal RunTensor Rent(int capacity, int height, int width)
    {
        Enter();
        try
        {
            return _runs.Rent(capacity, height, width, _exit);
        }
        catch
        {
            Exit();
            throw;
        }
    }

    /// <summary>Runs the graph. Safe to call from several threads at once.</summary>
    /// <param name="input">A tensor from <see cref="Rent"/>.</param>
    /// <param name="count">How many of its images.</param>
    /// <returns>The output; the caller disposes it before <paramref name="input"/>.</returns>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OnnxRuntimeException">The run failed, for example because the GPU was lost.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    internal ModelOutput Run(RunTensor input, int count)
    {
        Enter();
        try
        {
            return _runs.Run(input, count, _exit);
        }
        catch
        {
            Exit();
            throw;
        }
    }

    /// <summary>Lets the session go as soon as no run uses it any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Exit();
        }
    }

    /// <summary>Loads a model from memory.</summary>
    /// <param name="bytes">The bytes of an ONNX file.</param>
    /// <param name="options">How to load.</param>
    /// <param name="readConfig">Reads the description of a model that has none of its own.</param>
    /// <param name="openRuns">Decides how runs are made; null for what fits the provider.</param>
    /// <param name="fallbackReason">Why the CPU is asked for in place of a GPU; null where it is not.</param>
    internal static NanodetModel Load(
        byte[] bytes,
        ModelOptions options,
        Func<ModelDescription?> readConfig,
        Func<InferenceSession, ModelDescription, IModelRuns>? openRuns = null,
        string? fallbackReason = null)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var session = SessionFactory.Create(bytes, sha256, options, out var provider, out var builder);
        provider = fallbackReason is null ? provider : provider with { FallbackReason = fallbackReason };
        try
        {
            var metadata = session.ModelMetadata.CustomMetadataMap;
            var description = ModelMetadataReader.Describes(metadata)
                ? new ModelMetadataReader(metadata).Read()
                : readConfig() ?? throw new ModelLoadException(
                    ModelErrorCodes.MetadataMissing,
                    "Expected 'nanodet.*' metadata in the ONNX file, or the NanoDet .yml of its training beside it, found neither.");
            description = ModelSignature.Validate(session, description);
            if (!FormNames.Fits(options.Precision, description.Precision))
            {
                throw FormPlan.Missing(options.Precision, FormNames.Of(description.Precision));
            }

            var runs = openRuns is null
                ? ProviderRuns.Open(session, description, provider, bytes, options)
                : openRuns(session, description);
            return new NanodetModel(session, runs, description, provider, builder, sha256, options);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or GpuException or InsufficientMemoryException)
        {
            session.Dispose();
            if (SessionFault.IsOutputOfAnotherShape(exception))
            {
                // The same on any provider.
                throw ModelLoadException.Contract(
                    $"output '{ModelSignature.OutputName}': expected the shape that the model's description promises, "
                    + $"found another one in the first run on {provider.Name}: {OnnxMessage.For(exception)}");
            }

            var problem = $"the first run failed: {OnnxMessage.For(exception)}";
            if (provider.Name != ProviderSelection.Cpu && options is { Provider: ExecutionProvider.Auto, RequireGpu: false })
            {
                return Load(
                    bytes,
                    options with { Provider = ExecutionProvider.Cpu },
                    readConfig,
                    openRuns,
                    $"{provider.Name} cannot be used: {problem}");
            }

            throw (Exception?)EnvironmentFault.From(exception) ?? new ModelLoadException(
                ModelErrorCodes.ProviderUnavailable, $"Expected to run on {provider.Name}, but {problem}", exception);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Loads one form of a set, and refuses a file that is not the one that the set names.</summary>
    /// <param name="manifest">The set.</param>
    /// <param name="path">Path of the set's ONNX file.</param>
    /// <param name="form">Which form.</param>
    /// <param name="options">How to load.</param>
    /// <param name="fallbackReason">Why the CPU is asked for in place of a GPU; null where it is not.</param>
    /// <exception cref="ModelLoadException">It is missing, another file, or cannot be served.</exception>
    private static NanodetModel LoadForm(
        FormManifest manifest, string path, ModelForm form, ModelOptions options, string? fallbackReason)
    {
        var entry = manifest.Find(form)!;
        var file = new FileInfo(FormManifest.FileOf(path, form));
        if (!file.Exists || file.Length != entry.Bytes)
        {
            throw new ModelLoadException(
                file.Exists ? ModelErrorCodes.Corrupt : ModelErrorCodes.NotFound,
                $"{file.FullName}: expected the form {FormNames.Of(form)} with {entry.Bytes} bytes, as {FormManifest.NameOf(path)} says, "
                + $"found {(file.Exists ? $"{file.Length} bytes" : "none")}. Make the forms again, or remove {FormManifest.NameOf(path)}.");
        }

        var model = Load(File.ReadAllBytes(file.FullName), options, () => null, fallbackReason: fallbackReason);
        if (model.Sha256 == entry.Sha256)
        {
            return model;
        }

        var found = model.Sha256;
        model.Dispose();
        throw new ModelLoadException(
            ModelErrorCodes.Corrupt,
            $"{file.FullName}: expected SHA-256 {entry.Sha256}, as {FormManifest.NameOf(path)} says, found {found}. "
            + $"Make the forms again, or remove {FormManifest.NameOf(path)}.");
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        int seen;
        do
        {
            seen = Volatile.Read(ref _leases);
            ObjectDisposedException.ThrowIf(seen == 0, this);
        }
        while (Interlocked.CompareExchange(ref _leases, seen + 1, seen) != seen);
    }

    private void Exit()
    {
        if (Interlocked.Decrement(ref _leases) == 0)
        {
            // Tensors lie in memory of the session's allocators.
            _runs.Dispose();
            CudaMaking.Make(_session.Dispose);
        }
    }
}
