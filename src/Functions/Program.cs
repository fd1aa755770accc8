using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Nanodet.Serverless.Functions.Hosting;

SharedNatives.Use();
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddNanodet();
builder.Build().Run();
