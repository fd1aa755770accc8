using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;

var builder = WebApplication.CreateBuilder(args);
var model = builder.Configuration["Model"] ?? throw new InvalidOperationException("Expected --Model with the path of a model, found none.");

// On a CPU as many runs at the same time as there are processors, each on one of them, give the most images per second.
var processors = new ModelOptions { ConcurrentRuns = Environment.ProcessorCount };
var batching = builder.Configuration.GetSection("Batching").Get<BatchingOptions>();
builder.Services.AddSingleton(_ => Detector.Load(model, model: processors));
builder.Services.AddSingleton(services => new DetectionBatcher(services.GetRequiredService<Detector>(), batching));

var app = builder.Build();
app.Services.GetRequiredService<DetectionBatcher>();

app.MapPost("/detect", async (HttpRequest request, DetectionBatcher batcher, CancellationToken cancellationToken) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body, cancellationToken);
    var outcome = await batcher.DetectAsync(body.ToArray(), cancellationToken);
    return outcome.Succeeded
        ? Results.Ok(new { outcome.Detections, outcome.RunSize })
        : Results.BadRequest(outcome.Error);
});

app.Run();
