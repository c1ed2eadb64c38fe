(function(){
"use strict";
var table=document.querySelector("table.packages");
document.querySelectorAll("time").forEach(function(t){t.title=new Date(t.dateTime).toLocaleString();});
if(!table)return;
var body=table.tBodies[0],rows=Array.prototype.slice.call(body.rows);
function key(row,i){var c=row.cells[i];return c.hasAttribute("data-v")?+c.getAttribute("data-v"):c.textContent.toLowerCase();}
Array.prototype.forEach.call(table.tHead.rows[0].cells,function(th,i){
var b=document.createElement("button");b.type="button";b.textContent=th.textContent;th.textContent="";th.appendChild(b);
b.addEventListener("click",function(){
var down=th.getAttribute("aria-sort")==="ascending";
Array.prototype.forEach.call(th.parentNode.cells,function(o){o.removeAttribute("aria-sort");});
th.setAttribute("aria-sort",down?"descending":"ascending");
rows.map(function(r,n){return{r:r,k:key(r,i),n:n};}).sort(function(a,b){
return (a.k<b.k?-1:a.k>b.k?1:0)*(down?-1:1)||a.n-b.n;}).forEach(function(o){body.appendChild(o.r);});});});
var tools=document.querySelector(".tools"),input=tools.querySelector("input"),count=tools.querySelector("span");
tools.hidden=false;
input.addEventListener("input",function(){
var words=input.value.toLowerCase().split(/\s+/),shown=0;
rows.forEach(function(r){var text=r.textContent.toLowerCase(),hit=words.every(function(w){return text.indexOf(w)>=0;});
r.hidden=!hit;if(hit)shown++;});
count.textContent=shown===rows.length?"":shown+" of "+rows.length+" shown";});
})();
